using CtrPS.Client.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>Which folder counts, and what is asked where nothing is said.</summary>
public sealed class HostsFoldersTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ctrps-hosts-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("r.example.com:5000", "r.example.com_5000_|r.example.com:5000|_default", "r.example.com_5000_")]
    [InlineData("r.example.com:5000", "r.example.com:5000|_default", "r.example.com:5000")]
    [InlineData("r.example.com:5000", "r.example.com|_default", "_default")]
    [InlineData("r.example.com", "r.example.com|_default", "r.example.com")]
    [InlineData("[::1]:5000", "[::1]_5000_|[::1]:5000", "[::1]_5000_")]
    [InlineData("other.example.com", "r.example.com|_default", "_default")]
    [InlineData("other.example.com", "r.example.com", null)]
    public void One_folder_counts(string registry, string folders, string? wanted)
    {
        foreach (string folder in folders.Split('|'))
        {
            Write($"{folder}/hosts.toml", "server = \"https://any.invalid\"");
        }

        RegistryEndpoint endpoint = Assert.Single(Find(registry));
        Assert.Equal(wanted is null ? null : Path.Combine(_root, wanted, "hosts.toml"), endpoint.File);
    }

    [Fact]
    public void The_first_root_with_a_folder_counts()
    {
        Write("one/_default/hosts.toml", "server = \"https://one.invalid\"");
        Write("two/r.example.com/hosts.toml", "server = \"https://two.invalid\"");
        var options = new CtrRegistryOptions { HostsFolders = [Path.Combine(_root, "one"), Path.Combine(_root, "two")] };
        Assert.Equal("https://one.invalid/v2", Assert.Single(HostsFolders.Find("r.example.com", options)).Root.OriginalString);
    }

    [Fact]
    public void Docker_hub_is_asked_at_its_own_host_and_is_no_mirror_there()
    {
        Write("docker.io/hosts.toml", "[host.\"https://mirror.example.com\"]\n[host.\"https://registry-1.docker.io\"]\n");
        IReadOnlyList<RegistryEndpoint> endpoints = Find("docker.io");
        Assert.Equal(
            ["https://mirror.example.com/v2", "https://registry-1.docker.io/v2", "https://registry-1.docker.io/v2"],
            endpoints.Select(one => one.Root.OriginalString));
        Assert.Equal([true, false, false], endpoints.Select(one => one.IsMirror));
    }

    [Fact]
    public void Where_no_server_is_said_the_settings_beside_it_are_the_registrys_but_its_capabilities()
    {
        Write("r.example.com/hosts.toml", "ca = \"a.crt\"\ndial_timeout = \"5s\"\ncapabilities = [\"pull\"]\n[header]\nx = \"y\"\n");
        RegistryEndpoint endpoint = Assert.Single(Find("r.example.com"));
        Assert.Equal([Path.Combine(_root, "r.example.com", "a.crt")], endpoint.Authorities);
        Assert.Equal((TimeSpan.FromSeconds(5), RegistryCapabilities.All), (endpoint.DialTimeout, endpoint.Capabilities));
        Assert.Equal(["y"], endpoint.Headers["x"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_file_the_folder_is_dockers(string? text)
    {
        Write("r.example.com/b.crt", "");
        Write("r.example.com/a.crt", "");
        Write("r.example.com/c.cert", "");
        Write("r.example.com/c.key", "");
        Write("r.example.com/d.cert", "");
        if (text is not null)
        {
            Write("r.example.com/hosts.toml", text);
        }

        RegistryEndpoint endpoint = Assert.Single(Find("r.example.com"));
        string folder = Path.Combine(_root, "r.example.com");
        Assert.Equal([Path.Combine(folder, "a.crt"), Path.Combine(folder, "b.crt")], endpoint.Authorities);
        Assert.Equal(
            [(Path.Combine(folder, "c.cert"), Path.Combine(folder, "c.key")), (Path.Combine(folder, "d.cert"), null)],
            endpoint.ClientCertificates);
        Assert.Equal(("https://r.example.com/v2", folder), (endpoint.Root.OriginalString, endpoint.File));
    }

    [Theory]
    [InlineData("r.example.com", "https://r.example.com/v2", false, false)]
    [InlineData("localhost", "https://localhost/v2", true, false)]
    [InlineData("localhost:443", "https://localhost:443/v2", true, false)]
    [InlineData("localhost:80", "http://localhost:80/v2", false, false)]
    [InlineData("localhost:5000", "http://localhost:5000/v2", true, true)]
    [InlineData("127.0.0.1:5000", "http://127.0.0.1:5000/v2", true, true)]
    [InlineData("127.1.2.3:5000", "http://127.1.2.3:5000/v2", true, true)]
    [InlineData("[::1]:5000", "http://[::1]:5000/v2", true, true)]
    [InlineData("10.0.0.1:5000", "https://10.0.0.1:5000/v2", false, false)]
    [InlineData("localhost.example.com:5000", "https://localhost.example.com:5000/v2", false, false)]
    public void This_machine_needs_no_certificate(string registry, string root, bool skip, bool tls)
    {
        RegistryEndpoint endpoint = Assert.Single(Find(registry));
        Assert.Equal((root, skip, tls, false), (endpoint.Root.OriginalString, endpoint.SkipVerify, endpoint.TriesTlsFirst, endpoint.IsMirror));
    }

    [Theory]
    [InlineData("r.example.com:5000", "http://r.example.com:5000/v2", false, false)]
    [InlineData("r.example.com:5000", "http://r.example.com:5000/v2", true, true)]
    [InlineData("localhost:5000", "http://localhost:5000/v2", false, false)]
    [InlineData("docker.io", "https://registry-1.docker.io/v2", false, false)]
    public void Plain_http_is_for_the_registry_itself(string registry, string root, bool skip, bool tls)
    {
        var options = new CtrRegistryOptions { HostsFolders = [_root], PlainHttp = true, SkipCertificateCheck = skip };
        RegistryEndpoint endpoint = Assert.Single(HostsFolders.Find(registry, options));
        Assert.Equal((root, tls), (endpoint.Root.OriginalString, endpoint.TriesTlsFirst));
    }

    [Theory]
    [InlineData("http://m.example.com:8080", "skip_verify = true", true)]
    [InlineData("http://m.example.com:8080", "skip_verify = false", true)]
    [InlineData("http://m.example.com:8080", "ca = \"a.crt\"", true)]
    [InlineData("http://m.example.com:8080", "client = \"a.pem\"", true)]
    [InlineData("http://m.example.com:8080", "dial_timeout = \"5s\"", false)]
    [InlineData("http://m.example.com:80", "skip_verify = true", false)]
    [InlineData("https://m.example.com:8080", "skip_verify = true", false)]
    public void Http_with_settings_for_tls_tries_tls_first(string url, string line, bool tls)
    {
        Write("r.example.com/hosts.toml", $"[host.\"{url}\"]\n{line}\n");
        Assert.Equal(tls, Find("r.example.com")[0].TriesTlsFirst);
    }

    [Fact]
    public void The_options_hold_where_no_file_says_anything_of_tls()
    {
        Write("r.example.com/hosts.toml", "[host.\"https://one.invalid\"]\nskip_verify = false\n[host.\"https://two.invalid\"]\n");
        var options = new CtrRegistryOptions
        {
            HostsFolders = [_root],
            SkipCertificateCheck = true,
            Authority = "/own.crt",
            ClientCertificate = ("/own.cert", "/own.key"),
        };
        IReadOnlyList<RegistryEndpoint> endpoints = HostsFolders.Find("r.example.com", options);
        Assert.Equal([false, true, true], endpoints.Select(one => one.SkipVerify));
        Assert.Empty(endpoints[0].Authorities);
        Assert.Equal(["/own.crt"], endpoints[1].Authorities);
        Assert.Equal(("/own.cert", "/own.key"), Assert.Single(endpoints[2].ClientCertificates));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../etc")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    [InlineData("a\\b")]
    [InlineData("")]
    [InlineData("_default")]
    public void A_name_leads_nowhere_else(string registry)
    {
        CtrException fault = Assert.Throws<CtrException>(() => Find(registry));
        Assert.Equal(CtrErrorIds.InvalidReference, fault.ErrorId);
    }

    [Fact]
    public void What_is_there_and_cannot_be_read_is_told()
    {
        Write("file.example.com", "");
        Assert.Equal(CtrErrorIds.InvalidHostsFile, Assert.Throws<CtrException>(() => Find("file.example.com")).ErrorId);
        Write("large.example.com/hosts.toml", new string('#', (1 << 20) + 1));
        Assert.Contains("1048577 bytes", Assert.Throws<CtrException>(() => Find("large.example.com")).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_root, "folder.example.com", "hosts.toml"));
        Assert.Contains("is no file", Assert.Throws<CtrException>(() => Find("folder.example.com")).Message, StringComparison.Ordinal);
        System.IO.File.WriteAllBytes(Write("bytes.example.com/hosts.toml", ""), [0x23, 0xff, 0xfe]);
        Assert.Contains("no UTF-8", Assert.Throws<CtrException>(() => Find("bytes.example.com")).Message, StringComparison.Ordinal);
        CtrException absent = Assert.Throws<CtrException>(
            () => HostsFolders.Find("r.example.com", new CtrRegistryOptions { HostsFolders = [Path.Combine(_root, "absent")] }));
        Assert.Equal((CtrErrorIds.InvalidPath, CtrStatus.NotFound), (absent.ErrorId, absent.Status));
    }

    [Theory]
    [InlineData("nginx", "docker.io")]
    [InlineData("nginx:1.25", "docker.io")]
    [InlineData("team/web", "docker.io")]
    [InlineData("docker.io", "docker.io")]
    [InlineData("index.docker.io", "docker.io")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("ghcr.io", "ghcr.io")]
    [InlineData("ghcr.io/team/web@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ghcr.io")]
    [InlineData("localhost", "localhost")]
    [InlineData("localhost:5000/web", "localhost:5000")]
    [InlineData("registry:5000", "registry:5000")]
    [InlineData("[::1]:5000", "[::1]:5000")]
    public void A_registry_is_named_by_itself_or_by_a_reference(string text, string registry) =>
        Assert.Equal(registry, new RegistryHosts().RegistryOf(text));

    [Fact]
    public void The_registries_with_a_folder_are_listed()
    {
        foreach (string folder in new[] { "docker.io", "r.example.com_5000_", "s.example.com:5000", "_default" })
        {
            Directory.CreateDirectory(Path.Combine(_root, folder));
        }

        Assert.Equal(["docker.io", "r.example.com:5000", "s.example.com:5000"], new RegistryHosts().Names([_root]));
    }

    private IReadOnlyList<RegistryEndpoint> Find(string registry) =>
        HostsFolders.Find(registry, new CtrRegistryOptions { HostsFolders = [_root] });

    private string Write(string file, string text)
    {
        string path = Path.Combine(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
