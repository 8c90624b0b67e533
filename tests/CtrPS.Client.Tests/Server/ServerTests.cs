using System.IO.Pipes;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Server;

public sealed class ServerTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task The_server_says_what_ctr_says(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrServer server = await connection.Server.GetAsync(CancellationToken.None);
        string said = (await rig.CtrAsync("version")).Check().Output;
        Assert.Contains(server.Version, said, StringComparison.Ordinal);
        Assert.Contains(server.Uuid, said, StringComparison.Ordinal);
        Assert.Equal(rig.Address, server.Address);
        Assert.Equal(generation == Generation.V16 ? null : rig.ProcessId, server.ProcessId);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Plugins_have_the_status_that_ctr_prints(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        IReadOnlyList<CtrPlugin> plugins = await connection.Server.ListPluginsAsync([], CancellationToken.None);
        var ctr = (await rig.CtrAsync("plugins", "ls")).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Select(words => (words[0], words[1], words[^1]));
        Assert.Equal(
            ctr.Order(),
            plugins.Select(plugin => (plugin.Type, plugin.Id, plugin.Status switch { CtrPluginStatus.Ok => "ok", CtrPluginStatus.Skip => "skip", _ => "error" })).Order());
        Assert.All(plugins, plugin => Assert.Equal(plugin.Status == CtrPluginStatus.Ok, plugin.Reason is null));
        Assert.Equal("native", Assert.Single(await connection.Server.ListPluginsAsync(["id==native"], CancellationToken.None)).Id);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Namespaces_live_their_life(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        INamespaceStore namespaces = connection.Namespaces;
        CtrNamespace made = await namespaces.CreateAsync("life", new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }, CancellationToken.None);
        Assert.Equal("life", made.Name);
        Assert.Equal(CtrErrorIds.NamespaceExists, (await Assert.ThrowsAsync<CtrException>(() => namespaces.CreateAsync("life", new Dictionary<string, string>(), CancellationToken.None))).ErrorId);
        CtrNamespace changed = await namespaces.SetLabelsAsync("life", new Dictionary<string, string?> { ["a"] = "", ["c"] = "3" }, replaceAll: false, CancellationToken.None);
        Assert.Equal([("b", "2"), ("c", "3")], changed.Labels.Select(label => (label.Key, label.Value)).Order());
        CtrNamespace replaced = await namespaces.SetLabelsAsync("life", new Dictionary<string, string?> { ["d"] = "4" }, replaceAll: true, CancellationToken.None);
        Assert.Equal([("d", "4")], replaced.Labels.Select(label => (label.Key, label.Value)));
        Assert.Contains("d=4", (await rig.CtrAsync("namespaces", "ls")).Check().Output, StringComparison.Ordinal);

        _ = await RigImages.LoadAsync(rig, "busybox", "life", unpack: false);
        CtrException notEmpty = await Assert.ThrowsAsync<CtrException>(() => namespaces.DeleteAsync("life", CancellationToken.None));
        Assert.Equal(CtrErrorIds.NamespaceNotEmpty, notEmpty.ErrorId);
        Assert.Contains("images", notEmpty.Message, StringComparison.Ordinal);
        Assert.Contains("blobs", notEmpty.Message, StringComparison.Ordinal);

        _ = (await rig.CtrAsync("-n", "life", "images", "rm", "--sync", "docker.io/library/busybox:1.35")).Check();
        await namespaces.DeleteAsync("life", CancellationToken.None);
        Assert.DoesNotContain(await namespaces.ListAsync(CancellationToken.None), one => one.Name == "life");
        Assert.Equal(CtrErrorIds.NamespaceNotFound, (await Assert.ThrowsAsync<CtrException>(() => namespaces.DeleteAsync("life", CancellationToken.None))).ErrorId);
        Assert.Equal(CtrErrorIds.NamespaceNotFound, (await Assert.ThrowsAsync<CtrException>(() =>
            namespaces.SetLabelsAsync("life", new Dictionary<string, string?> { ["a"] = "1" }, replaceAll: false, CancellationToken.None))).ErrorId);
        Assert.DoesNotContain(await namespaces.ListAsync(CancellationToken.None), one => one.Name == "life");
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_daemon_that_restarts_is_found_again(Generation generation)
    {
        _ = await daemons.GetAsync(generation); // skips where there is none
        await using ContainerdRig rig = await ContainerdRig.StartAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        foreach (bool gently in new[] { true, false })
        {
            _ = await connection.Namespaces.ListAsync(CancellationToken.None);
            await (gently ? rig.StopAsync() : rig.KillAsync());
            CtrException down = await Assert.ThrowsAsync<CtrException>(() => connection.Namespaces.ListAsync(CancellationToken.None));
            Assert.True(down.IsConnectionFault, down.ErrorId);
            Assert.Contains(rig.Address, down.Message, StringComparison.Ordinal);
            await rig.StartAgainAsync();
            Assert.NotNull(await connection.Namespaces.ListAsync(CancellationToken.None));
        }
    }

    [Fact]
    public async Task A_named_pipe_carries_calls_both_ways()
    {
        ContainerdRig rig = await daemons.GetAsync(Generation.V16);
        string name = $"ctrps-{Guid.NewGuid():N}";
        await using var server = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
        Task forward = Task.Run(async () =>
        {
            await server.WaitForConnectionAsync();
            await SocketProxy.ForwardAsync(server, rig.Address);
        });
        await using (ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(@"\\.\pipe\" + name), CancellationToken.None))
        {
            Task<CtrServer>[] calls = [.. Enumerable.Range(0, 20).Select(_ => connection.Server.GetAsync(CancellationToken.None))];
            Assert.Single((await Task.WhenAll(calls)).Select(one => one.Uuid).Distinct());
        }

        await forward;
    }

    [Fact]
    public async Task Tls_with_certificates_of_both_sides_carries_calls()
    {
        ContainerdRig rig = await daemons.GetAsync(Generation.V16);
        using var authority = CertificateRequestFor("CN=test authority", authority: true).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using X509Certificate2 serverCertificate = Issue(authority, "CN=localhost");
        using X509Certificate2 clientCertificate = Issue(authority, "CN=client");
        string folder = Directory.CreateTempSubdirectory("ctrps-").FullName;
        await using var proxy = new SocketProxy(rig.Address, async (plain, stop) =>
        {
            var secure = new SslStream(plain);
            await secure.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = serverCertificate,
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.Issuer == authority.Subject,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                },
                stop);
            return secure;
        });
        try
        {
            string Write(string name, string text)
            {
                string path = Path.Combine(folder, name);
                File.WriteAllText(path, text);
                return path;
            }

            var tls = new CtrTlsOptions
            {
                CertificateAuthority = Write("ca.pem", authority.ExportCertificatePem()),
                ClientCertificate = Write("client.pem", clientCertificate.ExportCertificatePem()),
                ClientKey = Write("client.key", clientCertificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            };
            CtrEndpoint endpoint = CtrEndpoint.Parse($"tcp://localhost:{proxy.Port}") with { Timeout = TimeSpan.FromSeconds(10) };
            await using (ICtrConnection connection = await Connector.OpenAsync(endpoint with { Tls = tls }, CancellationToken.None))
            {
                Assert.Contains((await connection.Server.GetAsync(CancellationToken.None)).Uuid, (await rig.CtrAsync("version")).Check().Output, StringComparison.Ordinal);
            }

            // Without the authority the server's certificate is not trusted; without a client certificate the server refuses us.
            Assert.Equal(CtrErrorIds.TlsFailed, (await Assert.ThrowsAsync<CtrException>(() => Connector.OpenAsync(endpoint with { Tls = tls with { CertificateAuthority = null } }, CancellationToken.None))).ErrorId);
            _ = await Assert.ThrowsAsync<CtrException>(() => Connector.OpenAsync(endpoint with { Tls = tls with { ClientCertificate = null, ClientKey = null } }, CancellationToken.None));
            await using ICtrConnection trusting = await Connector.OpenAsync(endpoint with { Tls = tls with { CertificateAuthority = null, SkipCertificateCheck = true } }, CancellationToken.None);
            Assert.NotEmpty(trusting.ServerVersion);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static CertificateRequest CertificateRequestFor(string name, bool authority)
    {
        var request = new CertificateRequest(name, ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(CertificateRequestFor(name, authority: false).CertificateExtensions[1]);
        using X509Certificate2 bare = request.Create(authority, authority.NotBefore, authority.NotAfter, Guid.NewGuid().ToByteArray());
        using X509Certificate2 keyed = bare.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(keyed.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
