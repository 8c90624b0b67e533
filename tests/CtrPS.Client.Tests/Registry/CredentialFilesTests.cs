using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
using CtrPS.Client.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>docker's and podman's files, and helpers: shell scripts of the test's own.</summary>
[SupportedOSPlatform("linux")]
public sealed class CredentialFilesTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("ctrps-logins-").FullName;

    private string Docker => Path.Combine(_folder, "config.json");

    private string Podman => Path.Combine(_folder, "auth.json");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("r.example.com", "r.example.com")]
    [InlineData("https://r.example.com", "r.example.com")]
    [InlineData("http://r.example.com", "r.example.com")]
    [InlineData("https://r.example.com/v1/", "r.example.com")]
    [InlineData("https://r.example.com/v2/", "r.example.com")]
    [InlineData("r.example.com/v2/", "r.example.com")]
    [InlineData("R.example.com", "r.example.com")]
    [InlineData("r.example.com:5000", "r.example.com:5000")]
    [InlineData("https://index.docker.io/v1/", "registry-1.docker.io")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("docker.io", "registry-1.docker.io")]
    [InlineData("index.docker.io", "docker.io")]
    public async Task A_key_is_found_whichever_way_it_is_written(string key, string host)
    {
        WriteDocker(Auths(("other", "x:y"), (key, "me:pass:word")));
        RegistryCredential? login = await Logins().FindAsync(host, "team/web", Stop);
        Assert.Equal(("me", "pass:word", null), (login?.User, login?.Secret, login?.BearerToken));
        Assert.Equal($"'{Docker}'", login?.Source);
    }

    [Theory]
    [InlineData("r.example.com", "r.example.com:5000")]
    [InlineData("r.example.com:5000", "r.example.com")]
    [InlineData("r.example.com", "r.example.com.evil.com")]
    [InlineData("r.example.com", "x.r.example.com")]
    public async Task Another_host_is_another_host(string key, string host)
    {
        WriteDocker(Auths((key, "me:secret")));
        Assert.Null(await Logins().FindAsync(host, null, Stop));
    }

    [Theory]
    [InlineData("""{"username":"me","password":"secret"}""", "me", "secret", null)]
    [InlineData("""{"auth":"bWU6c2VjcmV0AAA="}""", "me", "secret", null)] // zeros at the end
    [InlineData("""{"auth":"bWU6c2VjcmV0","identitytoken":"it"}""", "", "it", null)]
    [InlineData("""{"registrytoken":"rt"}""", "", "", "rt")]
    [InlineData("""{"username":"<token>","password":"it"}""", "", "it", null)]
    [InlineData("""{"email":"me@example.com"}""", null, null, null)]
    [InlineData("{}", null, null, null)]
    public async Task A_login_is_a_password_or_a_token(string entry, string? user, string? secret, string? bearer)
    {
        WriteDocker($$$"""{"auths":{"r.example.com":{{{entry}}}}}""");
        RegistryCredential? login = await Logins().FindAsync("r.example.com", null, Stop);
        Assert.Equal((user, secret, bearer), (login?.User, login?.Secret, login?.BearerToken));
    }

    [Theory]
    [InlineData("team/web", "team")]
    [InlineData("team/web/front", "team")]
    [InlineData("team/shop", "shop")]
    [InlineData("team/shop/cart", "shop")]
    [InlineData("teams/web", "all")]
    [InlineData(null, "all")]
    public async Task With_podman_the_longest_part_of_the_repository_wins(string? repository, string user)
    {
        File.WriteAllText(
            Podman, Auths(("q.example.com/team", "team:s"), ("q.example.com", "all:s"), ("q.example.com/team/shop", "shop:s")));
        Assert.Equal(user, (await Logins().FindAsync("q.example.com", repository, Stop))?.User);
    }

    [Fact]
    public async Task A_part_of_a_registry_is_podmans_alone()
    {
        string text = Auths(("q.example.com/team", "team:s"));
        File.WriteAllText(Podman, text);
        Assert.Null(await Logins().FindAsync("q.example.com", "other/web", Stop));
        File.Delete(Podman);
        File.WriteAllText(Docker, text);
        Assert.Equal("team", (await Logins().FindAsync("q.example.com", "other/web", Stop))?.User);
    }

    [Fact]
    public async Task The_variable_comes_first_then_docker_then_podman()
    {
        WriteDocker(Auths(("r.example.com", "docker:s")));
        File.WriteAllText(Podman, Auths(("r.example.com", "podman:s"), ("p.example.com", "podman:s")));
        string text = Auths(("r.example.com", "variable:s"));
        Assert.Equal("variable", (await Logins(text).FindAsync("r.example.com", null, Stop))?.User);
        Assert.Equal("docker", (await Logins().FindAsync("r.example.com", null, Stop))?.User);
        Assert.Equal("podman", (await Logins().FindAsync("p.example.com", null, Stop))?.User);
        Assert.Null(await Logins().FindAsync("n.example.com", null, Stop));
    }

    [Theory]
    [InlineData("{", "is no JSON: line 1")]
    [InlineData("{\n\"auths\": c2VjcmV0\n}", "is no JSON: line 2")]
    [InlineData("[]", "is no JSON object")]
    [InlineData("""{"auths":{},"auths":{}}""", "is no JSON")]
    [InlineData("""{"auths":[]}""", "something else than an object at 'auths'")]
    [InlineData("""{"auths":{"r.example.com":{"auth":"c2VjcmV0!"}}}""", "has no base64 at 'auths.r.example.com.auth'")]
    [InlineData("""{"auths":{"r.example.com":{"auth":"c2VjcmV0"}}}""", "has no user and password at 'auths.r.example.com.auth'")]
    [InlineData("""{"auths":{"r.example.com":{"auth":5}}}""", "something else than a text at 'auths.r.example.com'")]
    [InlineData("""{"credsStore":5}""", "something else than a text at 'credsStore'")]
    [InlineData("""{"credsStore":"../../bin/sh"}""", "no name of a program")]
    [InlineData("""{"credsStore":"a;b"}""", "no name of a program")]
    [InlineData("""{"credHelpers":{"r.example.com":"-x"}}""", "no name of a program")]
    public async Task What_cannot_be_used_is_told_without_what_is_in_it(string text, string words)
    {
        WriteDocker(text);
        CtrException fault = await Assert.ThrowsAsync<CtrException>(async () => await Logins().FindAsync("r.example.com", null, Stop));
        Assert.Equal((CtrErrorIds.InvalidCredentialFile, Docker), (fault.ErrorId, fault.Target));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", fault.ToString(), StringComparison.Ordinal);
        Assert.NotNull(fault.RecommendedAction);

        CtrException variable = await Assert.ThrowsAsync<CtrException>(
            async () => await Logins(text, file: false).FindAsync("r.example.com", null, Stop));
        Assert.Contains("DOCKER_AUTH_CONFIG", variable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_login_of_another_registry_is_nobodys_fault()
    {
        WriteDocker(Auths(("r.example.com", "me:s"), ("bad.example.com", "x:y")).Replace(Base64("x:y"), "!", StringComparison.Ordinal));
        Assert.Equal("me", (await Logins().FindAsync("r.example.com", null, Stop))?.User);
    }

    [Fact]
    public async Task Helpers_come_before_the_store_and_that_before_the_file()
    {
        Helper("one", $"read -r server; echo '{{\"ServerURL\":\"x\",\"Username\":\"one\",\"Secret\":\"s1\"}}'");
        Helper("two", """
            read -r server
            [ "$server" = t.example.com ] && { echo '{"ServerURL":"x","Username":"<token>","Secret":"s2"}'; exit 0; }
            echo 'credentials not found in native keychain'; exit 1
            """);
        WriteDocker($$$"""
            {"auths":{"r.example.com":{"auth":"{{{Base64("file:s")}}}"},"f.example.com":{"auth":"{{{Base64("file:s")}}}"},"e.example.com":
            {"auth":"{{{Base64("file:s")}}}"}},"credsStore":"two","credHelpers":{"r.example.com":"one","e.example.com":""}}
            """);
        Assert.Equal("one", (await Logins().FindAsync("r.example.com", null, Stop))?.User);
        Assert.Equal("file", (await Logins().FindAsync("f.example.com", null, Stop))?.User);
        Assert.Equal("file", (await Logins().FindAsync("e.example.com", null, Stop))?.User);
        RegistryCredential? token = await Logins().FindAsync("t.example.com", null, Stop);
        Assert.Equal(("", "s2", "the helper 'two'"), (token?.User, token?.Secret, token?.Source));
        Assert.Null(await Logins().FindAsync("n.example.com", null, Stop));
    }

    [Theory]
    [InlineData("echo 'the keychain is locked'; exit 1", "the keychain is locked")]
    [InlineData("exit 3", "exit code 3")]
    [InlineData("echo c2VjcmV0", "gave no JSON object")]
    [InlineData("echo '{\"Secret\":\"c2VjcmV0\"}'", "gave no Username")]
    [InlineData("head -c 2000000 /dev/zero", "wrote more than")]
    public async Task A_helper_that_fails_is_told(string script, string words)
    {
        Helper("bad", script);
        WriteDocker("""{"credsStore":"bad"}""");
        CtrException fault = await Assert.ThrowsAsync<CtrException>(async () => await Logins().FindAsync("r.example.com", null, Stop));
        Assert.Equal((CtrErrorIds.CredentialHelperFailed, "bad"), (fault.ErrorId, fault.Target));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_that_is_not_there_is_told()
    {
        WriteDocker("""{"credsStore":"absent"}""");
        CtrException fault = await Assert.ThrowsAsync<CtrException>(async () => await Logins().FindAsync("r.example.com", null, Stop));
        Assert.Equal((CtrErrorIds.CredentialHelperFailed, CtrStatus.NotFound), (fault.ErrorId, fault.Status));
        Assert.Contains("docker-credential-absent", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_that_hangs_ends_with_the_call()
    {
        Helper("slow", $"echo $$ > {_folder}/pid; exec sleep 1000");
        WriteDocker("""{"credsStore":"slow"}""");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<RegistryCredential?> find = Logins().FindAsync("r.example.com", null, stop.Token).AsTask();
        string pid = Path.Combine(_folder, "pid");
        while (!File.Exists(pid) || File.ReadAllText(pid).Length < 2)
        {
            await Task.Delay(10, Stop);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => find);
        Assert.False(Directory.Exists($"/proc/{File.ReadAllText(pid).Trim()}"));
    }

    [Fact]
    public async Task A_login_goes_into_the_file_which_only_its_owner_reads_then()
    {
        WriteDocker("""
            {"HttpHeaders":{"a":"b"},"auths":{"https://r.example.com/v1/":{"auth":"b2xkOm9sZA=="},"o.example.com":{}},"big":12345678901234567890}
            """);
        File.SetUnixFileMode(Docker, OwnerOnly | UnixFileMode.OtherRead);
        CtrRegistryLogin login = await Logins().StoreAsync("r.example.com", new NetworkCredential("me", "sec:ret\"ä"), Stop);
        Assert.Equal(("r.example.com", "me", Docker, null), (login.Registry, login.User, login.File, login.Helper));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Docker));
        string text = File.ReadAllText(Docker);
        JsonObject document = JsonNode.Parse(text)!.AsObject();
        Assert.Equal(["o.example.com", "r.example.com"], document["auths"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal(("b", "12345678901234567890"), (document["HttpHeaders"]!["a"]!.ToString(), document["big"]!.ToJsonString()));
        Assert.Equal("sec:ret\"ä", (await Logins().FindAsync("r.example.com", null, Stop))?.Secret);
        Assert.Equal(["config.json"], Directory.GetFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_made_with_its_folder()
    {
        var own = new CredentialPlace(Path.Combine(_folder, "new", "config.json"), false);
        var logins = new CredentialFiles(() => new CredentialPlaces([own], own, []));
        _ = await logins.StoreAsync("docker.io", new NetworkCredential("me", "secret"), Stop);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(own.Path!));
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(own.Path!)!));
        Assert.Equal(["https://index.docker.io/v1/"], JsonNode.Parse(File.ReadAllText(own.Path!))!["auths"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal("me", (await logins.FindAsync("registry-1.docker.io", "library/nginx", Stop))?.User);
        _ = await logins.StoreAsync("t.example.com", new NetworkCredential("<token>", "it"), Stop);
        Assert.Equal(["docker.io Password me", "t.example.com IdentityToken "], (await logins.ListAsync(Stop)).Select(Words));
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link()
    {
        string real = Path.Combine(_folder, "real.json");
        File.WriteAllText(real, "{}");
        File.CreateSymbolicLink(Docker, real);
        CtrException fault = await Assert.ThrowsAsync<CtrException>(
            () => Logins().StoreAsync("r.example.com", new NetworkCredential("me", "secret"), Stop));
        Assert.Equal(CtrErrorIds.InvalidPath, fault.ErrorId);
        Assert.Equal("{}", File.ReadAllText(real));
        File.Delete(Docker);
        File.CreateSymbolicLink(Docker + ".ctrps-lock", real);
        fault = await Assert.ThrowsAsync<CtrException>(() => Logins().StoreAsync("r.example.com", new NetworkCredential("me", "secret"), Stop));
        Assert.Equal(CtrErrorIds.InvalidPath, fault.ErrorId);
    }

    [Fact]
    public async Task A_broken_file_stays_as_it_is()
    {
        WriteDocker("{ broken");
        CtrException fault = await Assert.ThrowsAsync<CtrException>(
            () => Logins().StoreAsync("r.example.com", new NetworkCredential("me", "secret"), Stop));
        Assert.Equal(CtrErrorIds.InvalidCredentialFile, fault.ErrorId);
        Assert.Equal("{ broken", File.ReadAllText(Docker));
        Assert.Equal(["config.json"], Directory.GetFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Of_eight_writers_at_once_none_loses_anything()
    {
        WriteDocker("""{"psFormat":"x"}""");
        var eight = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Stop };
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), eight, async (writer, token) =>
        {
            for (int i = 0; i < 10; i++)
            {
                _ = await Logins().StoreAsync($"r{writer}-{i}.example.com", new NetworkCredential($"u{writer}", "s"), token);
                _ = await Logins().ListAsync(token); // readers see it whole
            }
        });
        Assert.Equal(80, (await Logins().ListAsync(Stop)).Count);
        int erased = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), eight, async (writer, token) =>
        {
            for (int i = 0; i < 10; i++)
            {
                _ = Interlocked.Add(ref erased, (await Logins().EraseAsync($"r{(writer + i) % 8}-{i}.example.com", token)).Count);
                _ = Interlocked.Add(ref erased, (await Logins().EraseAsync("r0-0.example.com", token)).Count); // each by one of them alone
            }
        });
        Assert.Equal(80, erased);
        Assert.Empty(await Logins().ListAsync(Stop));
        Assert.Contains("psFormat", File.ReadAllText(Docker), StringComparison.Ordinal);
        Assert.Equal(["config.json"], Directory.GetFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_login_goes_into_the_helper_over_its_input_alone()
    {
        Helper("keep", $"""
            case "$1" in
            store) printf '%s\n' "$@" > {_folder}/arguments; cat > {_folder}/kept ;;
            get) if [ -e {_folder}/kept ]; then cat {_folder}/kept; else echo 'credentials not found in native keychain'; exit 1; fi ;;
            erase) cat > {_folder}/erased; rm -f {_folder}/kept ;;
            list) echo '{"{"}"https://index.docker.io/v1/":"me","r.example.com":"<token>"{"}"}' ;;
            esac
            """);
        WriteDocker("""{"credsStore":"keep","auths":{"https://index.docker.io/v1/":{}}}""");
        Assert.Equal("keep", Logins().PlaceOf("docker.io").Helper);
        CtrRegistryLogin login = await Logins().StoreAsync("docker.io", new NetworkCredential("me", "geheim"), Stop);
        Assert.Equal(("keep", Docker), (login.Helper, login.File));
        Assert.Equal("store", File.ReadAllText(Path.Combine(_folder, "arguments")).Trim());
        Assert.Equal(
            """{"ServerURL":"https://index.docker.io/v1/","Username":"me","Secret":"geheim"}""", File.ReadAllText(Path.Combine(_folder, "kept")));
        Assert.DoesNotContain("geheim", File.ReadAllText(Docker), StringComparison.Ordinal);
        Assert.Equal("geheim", (await Logins().FindAsync("registry-1.docker.io", null, Stop))?.Secret);
        Assert.Equal(["docker.io Password me", "r.example.com Password "], (await Logins().ListAsync(Stop)).Select(Words));

        IReadOnlyList<CtrRegistryLogin> gone = await Logins().EraseAsync("docker.io", Stop);
        Assert.Equal(["docker.io Password me"], gone.Take(1).Select(Words));
        Assert.StartsWith("https://index.docker.io/v1/", File.ReadAllText(Path.Combine(_folder, "erased")), StringComparison.Ordinal);
        Assert.DoesNotContain("index.docker.io", File.ReadAllText(Docker), StringComparison.Ordinal);
        Assert.Empty(await Logins().EraseAsync("docker.io", Stop));
    }

    [Fact]
    public async Task What_a_helper_says_of_the_secret_is_not_told()
    {
        Helper("loud", "cat; exit 1");
        WriteDocker("""{"credsStore":"loud"}""");
        CtrException fault = await Assert.ThrowsAsync<CtrException>(
            () => Logins().StoreAsync("r.example.com", new NetworkCredential("me", "geheim"), Stop));
        Assert.Equal(CtrErrorIds.CredentialHelperFailed, fault.ErrorId);
        Assert.DoesNotContain("geheim", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_logout_takes_all_logins_of_the_registry_and_no_other()
    {
        WriteDocker(Auths(("https://r.example.com/v1/", "a:s"), ("r.example.com", "b:s"), ("o", "c:s")));
        File.WriteAllText(Podman, Auths(("r.example.com", "d:s"), ("r.example.com/team", "e:s")));
        IReadOnlyList<CtrRegistryLogin> gone = await Logins().EraseAsync("r.example.com", Stop);
        Assert.Equal(["a", "b", "d"], gone.Select(one => one.User));
        Assert.Equal(["o Password c", "r.example.com/team Password e"], (await Logins().ListAsync(Stop)).Select(Words));
        Assert.Equal(["o", "r.example.com/team"], Logins().Names());
    }

    [Fact]
    public async Task A_user_with_a_colon_is_refused()
    {
        CtrException fault = await Assert.ThrowsAsync<CtrException>(
            () => Logins().StoreAsync("r.example.com", new NetworkCredential("a:b", "secret"), Stop));
        Assert.Equal(CtrErrorIds.InvalidArgument, fault.ErrorId);
    }

    private static string Words(CtrRegistryLogin login) => $"{login.Registry} {login.Kind} {login.User}";

    private static string Auths(params (string Key, string Login)[] logins) => new JsonObject
    {
        ["auths"] = new JsonObject(logins.Select(
            one => KeyValuePair.Create(one.Key, (JsonNode?)new JsonObject { ["auth"] = Base64(one.Login) }))),
    }.ToJsonString();

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private CredentialFiles Logins(string? text = null, bool file = true)
    {
        var docker = new CredentialPlace(Docker, false);
        CredentialPlace[] all =
        [
            .. text is null ? Array.Empty<CredentialPlace>() : [new CredentialPlace(null, false, text)],
            .. file ? new[] { docker, new CredentialPlace(Podman, true) } : [],
        ];
        return new CredentialFiles(() => new CredentialPlaces(all, docker, ["/nonexistent", _folder]));
    }

    private void WriteDocker(string text) => File.WriteAllText(Docker, text);

    /// <summary>
    /// Made by a process of its own: while this one has a file open to write, another thread's fork may inherit it, and then nobody can run it.
    /// </summary>
    private void Helper(string name, string script)
    {
        var start = new ProcessStartInfo("sh") { RedirectStandardInput = true };
        foreach (string word in new[] { "-c", "cat > \"$1\" && chmod 700 \"$1\"", "sh", Path.Combine(_folder, $"docker-credential-{name}") })
        {
            start.ArgumentList.Add(word);
        }

        using Process writer = Process.Start(start)!;
        writer.StandardInput.Write($"#!/bin/sh\n{script}\n");
        writer.StandardInput.Close();
        writer.WaitForExit();
        Assert.Equal(0, writer.ExitCode);
    }
}
