using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CtrPS.Client.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>The files that are written, by wish and out of containerd's configuration.</summary>
public sealed class HostsTextTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctrps-toml-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Mirrors_come_before_the_registry()
    {
        string certificate = Certificate("ca \"1\".crt");
        CtrHostsFile file = new RegistryHosts().Compose(
            new CtrHostsWish("docker.io", new CtrHostWish(),
            [
                new CtrHostWish
                {
                    Url = "https://m.example.com/hub",
                    Capabilities = ["pull", "resolve"],
                    Authorities = [certificate],
                    OverridePath = true,
                },
                new CtrHostWish { Url = "10.0.0.1:5000", ClientCertificates = [(certificate, certificate), (certificate, null)], SkipVerify = true },
            ]),
            "/x/hosts.toml");
        string quoted = certificate.Replace("\"", "\\\"", StringComparison.Ordinal);
        Assert.Equal(
            $"""
            [host."https://m.example.com/hub"]
              capabilities = ["pull", "resolve"]
              ca = ["{quoted}"]
              override_path = true

            [host."https://10.0.0.1:5000"]
              client = [["{quoted}", "{quoted}"], "{quoted}"]
              skip_verify = true

            """.ReplaceLineEndings("\n"),
            file.Text);
        Assert.Equal(["https://m.example.com/hub", "https://10.0.0.1:5000/v2"], file.Hosts);
    }

    [Theory]
    [InlineData("docker.io", "https://registry-1.docker.io")]
    [InlineData("r.example.com:5000", "https://r.example.com:5000")]
    [InlineData("localhost:5000", "http://localhost:5000")]
    public void A_registry_without_mirrors_gets_a_table_for_containerd_1(string registry, string url)
    {
        CtrHostsFile file = new RegistryHosts().Compose(new CtrHostsWish(registry, new CtrHostWish { SkipVerify = true }, []), "/x/hosts.toml");
        Assert.Equal($"skip_verify = true\n\n[host.\"{url}\"]\n  skip_verify = true\n", file.Text);
    }

    [Theory]
    [InlineData("ftp://m.example.com")]
    [InlineData("https://")]
    [InlineData("https://me:geheim@m.example.com")]
    [InlineData("https://m.example.com?a=b")]
    public void A_url_that_is_none_is_refused(string url)
    {
        CtrException fault = Assert.Throws<CtrException>(
            () => new RegistryHosts().Compose(new CtrHostsWish("docker.io", new CtrHostWish(), [new CtrHostWish { Url = url }]), "/x/hosts.toml"));
        Assert.Equal(CtrErrorIds.InvalidArgument, fault.ErrorId);
        Assert.DoesNotContain("geheim", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_is_none_is_refused()
    {
        string file = Path.Combine(_folder, "a.crt");
        File.WriteAllText(file, "no certificate");
        foreach (string path in new[] { file, file + ".absent" })
        {
            CtrException fault = Assert.Throws<CtrException>(() => new RegistryHosts().Compose(
                new CtrHostsWish("docker.io", new CtrHostWish(), [new CtrHostWish { Url = "https://m", Authorities = [path] }]), "/x/hosts.toml"));
            Assert.Equal((CtrErrorIds.InvalidArgument, path), (fault.ErrorId, fault.Target));
        }
    }

    [Theory]
    [InlineData("""[plugins."io.containerd.grpc.v1.cri".registry""", 2)]
    [InlineData("""[plugins."io.containerd.cri.v1.images".registry""", 3)]
    public void A_configuration_becomes_files(string table, int version)
    {
        string certificate = Certificate("ca.crt");
        string path = Write("config.toml", $"""
            version = {version}
            imports = ["conf.d/*.toml", "absent/*.toml"]
            {table}.mirrors."docker.io"]
              endpoint = ["https://m.example.com", "http://n.example.com:8080/v2/hub", "https://registry-1.docker.io"]
            {table}.mirrors."*"]
              endpoint = ["https://all.example.com"]
            {table}.configs."m.example.com".tls]
              ca_file = "{certificate}"
            {table}.configs."m.example.com".auth]
              username = "me"
              password = "geheim"
            {table}.auths."https://gcr.io"]
              auth = "geheim"
            """);
        Write(
            "conf.d/1.toml",
            $"version = {version}\nimports = [\"../0.toml\"]\n{table}.mirrors.\"r.example.com\"]\nendpoint = [\"https://one.invalid\"]\n");
        Write("conf.d/2.toml", $"version = {version}\n{table}.mirrors.\"r.example.com\"]\nendpoint = [\"https://two.invalid\"]\n");
        Write("conf.d/no.txt", "broken [");
        Write("0.toml", $"version = {version}\n{table}.mirrors.\"r.example.com\"]\nendpoint = [\"https://zero.invalid\"]\n");
        CtrHostsConversion found = new RegistryHosts().ReadConfiguration(path);
        var texts = found.Wishes.ToDictionary(wish => wish.Registry, wish => new RegistryHosts().Compose(wish, "/x/hosts.toml").Text);
        Assert.Equal(["*", "docker.io", "m.example.com", "r.example.com"], texts.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            $"""
            [host."https://m.example.com"]
              capabilities = ["pull", "resolve"]
              ca = ["{certificate}"]

            [host."http://n.example.com:8080/v2/hub"]
              capabilities = ["pull", "resolve"]
              override_path = true

            [host."https://registry-1.docker.io"]
              capabilities = ["pull", "resolve"]

            """.ReplaceLineEndings("\n"),
            texts["docker.io"]);
        Assert.Contains("https://zero.invalid", texts["r.example.com"], StringComparison.Ordinal); // after all that the first file imports
        Assert.Contains($"ca = [\"{certificate}\"]", texts["m.example.com"], StringComparison.Ordinal);
        Assert.Contains("all.example.com", texts["*"], StringComparison.Ordinal);
        string remark = Assert.Single(found.Remarks);
        Assert.Contains("'https://gcr.io', 'm.example.com'", remark, StringComparison.Ordinal);
        Assert.Contains("Connect-CtrRegistry", remark, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", string.Concat(texts.Values) + remark, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_imports_itself_ends()
    {
        string path = Write("config.toml", "version = 2\nimports = [\"*.toml\", \"config.toml\"]\n");
        Assert.Empty(new RegistryHosts().ReadConfiguration(path).Wishes);
    }

    [Fact]
    public void Two_versions_and_a_folder_that_is_named_already_are_remarked()
    {
        string path = Write("config.toml", "version = 2\nimports = [\"three.toml\"]\n");
        Write("three.toml", "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n");
        IReadOnlyList<string> remarks = new RegistryHosts().ReadConfiguration(path).Remarks;
        Assert.Equal(2, remarks.Count);
        Assert.Contains("version 3", remarks[0], StringComparison.Ordinal);
        Assert.Contains("/etc/containerd/certs.d", remarks[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version = 1\n", "version 1")]
    [InlineData("x = 1\n", "version 1")]
    [InlineData("version = \"2\"\n", "line 1")]
    [InlineData("version = 2\nplugins = 1\n", "line 2")]
    [InlineData("version = 2\nimports = \"a\"\n", "line 2")]
    [InlineData("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\nendpoint = \"x\"\n", "line 3")]
    [InlineData("version = 2\nimports = [\"absent.toml\"]\n", "absent.toml")]
    public void A_configuration_that_cannot_be_used_is_told(string text, string words)
    {
        string path = Write("config.toml", text);
        CtrException fault = Assert.Throws<CtrException>(() => new RegistryHosts().ReadConfiguration(path));
        Assert.Equal(CtrErrorIds.InvalidHostsFile, fault.ErrorId);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    private string Write(string file, string text)
    {
        string path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private string Certificate(string file)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 made = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return Write(file, made.ExportCertificatePem());
    }
}
