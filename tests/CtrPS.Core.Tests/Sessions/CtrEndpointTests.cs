namespace CtrPS.Core.Tests;

public sealed class CtrEndpointTests
{
    [Theory]
    [InlineData("/run/d/c.sock", nameof(CtrTransport.UnixSocket), "/run/d/c.sock", "/run/d/c.sock")]
    [InlineData("unix:///run/c.sock", nameof(CtrTransport.UnixSocket), "/run/c.sock", "/run/c.sock")]
    [InlineData(@"\\.\pipe\containerd-containerd", nameof(CtrTransport.NamedPipe), "containerd-containerd", @"\\.\pipe\containerd-containerd")]
    [InlineData("npipe:////./pipe/containerd-containerd", nameof(CtrTransport.NamedPipe), "containerd-containerd", @"\\.\pipe\containerd-containerd")]
    [InlineData("tcp://proxy.example:7443", nameof(CtrTransport.Tcp), "proxy.example", "tcp://proxy.example:7443")]
    public void Parses(string given, string transport, string path, string shown)
    {
        var endpoint = CtrEndpoint.Parse(given);
        Assert.Equal((transport, path, shown), (endpoint.Transport.ToString(), endpoint.Path, endpoint.Address));
    }

    [Theory]
    [InlineData("")]
    [InlineData("containerd.sock")]
    [InlineData("unix://run/c.sock")]
    [InlineData("tcp://host")]
    [InlineData("tcp://user@host:1")]
    [InlineData("tcp://host:1/path")]
    [InlineData(@"\\.\pipe\")]
    [InlineData("http://host:1")]
    public void Refuses(string given) =>
        Assert.Equal(CtrErrorIds.InvalidAddress, Assert.Throws<CtrException>(() => CtrEndpoint.Parse(given)).ErrorId);

    [Fact]
    public void A_socket_path_has_107_bytes_at_the_most()
    {
        Assert.Equal(CtrTransport.UnixSocket, CtrEndpoint.Parse("/" + new string('a', 106)).Transport);
        _ = Assert.Throws<CtrException>(() => CtrEndpoint.Parse("/" + new string('a', 107)));
        _ = Assert.Throws<CtrException>(() => CtrEndpoint.Parse("/" + new string('ä', 60)));
    }

    [Fact]
    public void The_timeout_does_not_make_another_server()
    {
        var one = CtrEndpoint.Parse("/run/c.sock");
        Assert.True(one.Reaches(one with { Timeout = TimeSpan.FromSeconds(1) }));
        Assert.True(one.Reaches(CtrEndpoint.Parse("unix:///run/c.sock")));
        Assert.False(one.Reaches(CtrEndpoint.Parse("/run/d.sock")));
        Assert.False(CtrEndpoint.Parse("tcp://a:1").Reaches(CtrEndpoint.Parse("tcp://a:1") with { Tls = new CtrTlsOptions() }));
    }
}
