using CtrPS.Client.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>hosts.toml, key by key and shape by shape.</summary>
public sealed class HostsFileTests
{
    private const string Folder = "/certs/docker.io";
    private const string File = Folder + "/hosts.toml";

    [Fact]
    public void Hosts_come_in_the_order_of_the_file_and_the_server_last()
    {
        HostsFile file = HostsFile.Parse(File, """
            server = "https://registry.example.com"

            [host."https://z.example.com"]
              capabilities = ["pull", "resolve"]

            [host."https://z.example.com".header]
              x-a = "b"

            [host."https://a.example.com"]
            [host."m.example.com:5000"]
            """);
        Assert.Equal(
            ["https://z.example.com/v2", "https://a.example.com/v2", "https://m.example.com:5000/v2"],
            file.Hosts.Select(host => host.Url!.Root.OriginalString));
        Assert.Equal("https://registry.example.com/v2", file.Server.Url!.Root.OriginalString);
        Assert.Equal(RegistryCapabilities.Pull | RegistryCapabilities.Resolve, file.Hosts[0].Capabilities);
        Assert.Equal(["b"], file.Hosts[0].Headers["x-a"]);
        Assert.Equal(RegistryCapabilities.All, file.Hosts[1].Capabilities);
        Assert.Equal(RegistryCapabilities.All, file.Server.Capabilities);
    }

    [Fact]
    public void A_file_with_a_server_alone_and_one_of_comments_are_files()
    {
        HostsFile file = HostsFile.Parse(File, "server = 'https://only.example.com'\nskip_verify = true\n");
        Assert.Empty(file.Hosts);
        Assert.Equal("only.example.com", file.Server.Url!.Host);
        Assert.True(file.Server.SkipVerify);
        Assert.Null(HostsFile.Parse(File, "# nothing yet\n").Server.Url);
        Assert.Null(HostsFile.Parse(File, "server = \"\"\n").Server.Url);
    }

    [Theory]
    [InlineData("https://m.example.com", false, "https://m.example.com/v2")]
    [InlineData("https://m.example.com/", false, "https://m.example.com/v2")]
    [InlineData("http://m.example.com:8080/", false, "http://m.example.com:8080/v2")]
    [InlineData("m.example.com", false, "https://m.example.com/v2")]
    [InlineData("localhost:5000", false, "https://localhost:5000/v2")]
    [InlineData("https://m.example.com/v2", false, "https://m.example.com/v2")]
    [InlineData("https://m.example.com/v2/", false, "https://m.example.com/v2")]
    [InlineData("https://m.example.com/proxy/hub", false, "https://m.example.com/proxy/hub/v2")]
    [InlineData("https://m.example.com//proxy/./hub/", false, "https://m.example.com/proxy/hub/v2")]
    [InlineData("https://m.example.com/v2/proxy", true, "https://m.example.com/v2/proxy")]
    [InlineData("https://m.example.com", true, "https://m.example.com")]
    [InlineData("https://user:secret@m.example.com/a?b=c#d", false, "https://m.example.com/a/v2")]
    [InlineData("https://[::1]:5000", false, "https://[::1]:5000/v2")]
    [InlineData("httpd.example.com", false, "https://httpd.example.com/v2")]
    public void A_url_gets_the_path_of_the_api(string url, bool overridePath, string root)
    {
        string text = $"[host.\"{url}\"]\noverride_path = {(overridePath ? "true" : "false")}\n";
        Assert.Equal(root, Assert.Single(HostsFile.Parse(File, text).Hosts).Url!.Root.OriginalString);
    }

    [Theory]
    [InlineData("ca = \"a.crt\"", "/certs/docker.io/a.crt")]
    [InlineData("ca = \"/etc/a.crt\"", "/etc/a.crt")]
    [InlineData("ca = [\"a.crt\", \"sub/b.crt\"]", "/certs/docker.io/a.crt|/certs/docker.io/sub/b.crt")]
    [InlineData("ca = []", "")]
    public void Authorities_are_a_text_or_a_list(string line, string files)
    {
        HostsEntry host = Assert.Single(HostsFile.Parse(File, $"[host.\"https://m\"]\n{line}\n").Hosts);
        Assert.Equal(files, string.Join('|', host.Authorities!));
        Assert.True(host.HasTls);
    }

    [Theory]
    [InlineData("client = \"c.pem\"", "/certs/docker.io/c.pem+")]
    [InlineData("client = [\"c.pem\", \"/d.pem\"]", "/certs/docker.io/c.pem+|/d.pem+")]
    [InlineData("client = [[\"c.cert\", \"c.key\"], [\"d.cert\", \"\"]]", "/certs/docker.io/c.cert+/certs/docker.io/c.key|/certs/docker.io/d.cert+")]
    public void Client_certificates_are_a_file_files_or_pairs(string line, string pairs)
    {
        HostsEntry host = Assert.Single(HostsFile.Parse(File, $"[host.\"https://m\"]\n{line}\n").Hosts);
        Assert.Equal(pairs, string.Join('|', host.ClientCertificates!.Select(pair => $"{pair.Certificate}+{pair.Key}")));
    }

    [Fact]
    public void Headers_are_texts_or_lists_and_may_stand_in_braces()
    {
        HostsEntry host = Assert.Single(HostsFile.Parse(
            File, "[host.\"https://m\"]\nheader = { Authorization = \"Basic x\", \"X-Many\" = [\"1\", \"2\"] }\n").Hosts);
        Assert.Equal(["Basic x"], host.Headers["Authorization"]);
        Assert.Equal(["1", "2"], host.Headers["X-Many"]);
        Assert.False(host.HasTls);
    }

    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1.5s", 1500)]
    [InlineData("300ms", 300)]
    [InlineData("10us", 1)]
    [InlineData("0", -1)]
    [InlineData("1000000h", int.MaxValue)]
    public void The_time_to_connect_is_a_duration_of_Go(string text, int milliseconds)
    {
        HostsEntry host = Assert.Single(HostsFile.Parse(File, $"[host.\"https://m\"]\ndial_timeout = \"{text}\"\n").Hosts);
        Assert.Equal(milliseconds, host.DialTimeout!.Value.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("5d")]
    [InlineData("s")]
    [InlineData("1m-5s")]
    [InlineData(".s")]
    [InlineData("9999999999999999999999999999999999h")]
    public void What_is_no_duration_is_none(string text) => Assert.Null(GoDuration.TryParse(text));

    [Fact]
    public void Keys_are_found_whatever_their_case_and_unknown_ones_are_left_alone()
    {
        HostsEntry host = Assert.Single(HostsFile.Parse(File, "[host.\"https://m\"]\nSkip_Verify = true\nnew_key = { a = 1 }\n").Hosts);
        Assert.True(host.SkipVerify);
        Assert.Equal(RegistryCapabilities.Referrers | RegistryCapabilities.Push, Assert.Single(
            HostsFile.Parse(File, "[host.\"https://m\"]\ncapabilities = [\"Push\", \"referrers\"]\n").Hosts).Capabilities);
    }

    [Theory]
    [InlineData("server = \n", 1, "no TOML")]
    [InlineData("server = \"a\"\nserver = \"b\"\n", 2, "no TOML")]
    [InlineData("\n\nserver = 5\n", 3, "'server' is no text")]
    [InlineData("server = \"ftp://m\"\n", 1, "http or https")]
    [InlineData("server = \"https://\"\n", 1, "'server' is no URL")]
    [InlineData("host = 1\n", 1, "has to be tables")]
    [InlineData("[[host]]\n", 1, "has to be tables")]
    [InlineData("[host]\n\"https://m\" = 1\n", 2, "is no table")]
    [InlineData("host = { \"https://m\" = { skip_verify = true } }\n", 1, "is overlooked by containerd 2.x")]
    [InlineData("host.\"https://m\".skip_verify = true\n", 1, "is overlooked by containerd 2.x")]
    [InlineData("[host.\"\"]\n", 1, "names no host")]
    [InlineData("[host.\"https://m\"]\ncapabilities = \"pull\"\n", 2, "is no list")]
    [InlineData("[host.\"https://m\"]\ncapabilities = [\n  \"pull\",\n  \"delete\"]\n", 4, "'delete', which is none of pull")]
    [InlineData("[host.\"https://m\"]\nskip_verify = \"true\"\n", 2, "'host.\"https://m\".skip_verify' is neither true nor false")]
    [InlineData("[host.\"https://m\"]\noverride_path = 1\n", 2, "neither true nor false")]
    [InlineData("[host.\"https://m\"]\nca = 1\n", 2, "neither a text nor a list")]
    [InlineData("[host.\"https://m\"]\nca = [\"a\", 1]\n", 2, "no text in quotes")]
    [InlineData("[host.\"https://m\"]\nclient = [[\"a\"]]\n", 2, "neither a file nor a pair")]
    [InlineData("[host.\"https://m\"]\nclient = [[\"a\", \"b\", \"c\"]]\n", 2, "neither a file nor a pair")]
    [InlineData("[host.\"https://m\"]\nclient = true\n", 2, "neither a file, nor a list")]
    [InlineData("[host.\"https://m\"]\nheader = \"a\"\n", 2, "no table of headers")]
    [InlineData("[host.\"https://m\".header]\nx = 1\n", 2, "neither a text nor a list")]
    [InlineData("[host.\"https://m\"]\ndial_timeout = \"soon\"\n", 2, "is no duration")]
    [InlineData("[host.\"https://m\"]\ndial_timeout = 5\n", 2, "no text in quotes")]
    [InlineData("[host.\"https://m\"]\ndial_timeout = \"-5s\"\n", 2, "is no duration")]
    public void What_cannot_be_used_is_told_with_file_line_and_key(string text, int line, string words)
    {
        CtrException fault = Assert.Throws<CtrException>(() => HostsFile.Parse(File, text));
        Assert.Equal((CtrErrorIds.InvalidHostsFile, File), (fault.ErrorId, fault.Target));
        Assert.StartsWith($"'{File}', line {line}: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.NotNull(fault.RecommendedAction);
    }

    [Theory]
    [InlineData("[host.\"https://m\".header]\nAuthorization = Basic c2VjcmV0\n")]
    [InlineData("[host.\"https://m\".header]\nAuthorization = \"Basic c2VjcmV0\n")]
    [InlineData("[host.\"https://m\".header]\nAuthorization = \"Basic c2VjcmV0\" c2VjcmV0\n")]
    [InlineData("[host.\"https://m\".header]\nAuthorization = c2VjcmV0\n")]
    public void The_value_of_a_header_is_in_no_error(string text)
    {
        CtrException fault = Assert.Throws<CtrException>(() => HostsFile.Parse(File, text));
        Assert.DoesNotContain("c2VjcmV0", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Depth_is_limited(char open)
    {
        string deep = string.Concat(Enumerable.Repeat(open == '{' ? "{ a = " : "[", 100_000));
        CtrException fault = Assert.Throws<CtrException>(() => HostsFile.Parse(File, $"a = {deep}"));
        Assert.Equal(CtrErrorIds.InvalidHostsFile, fault.ErrorId);
    }
}
