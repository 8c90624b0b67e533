using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Oci;

/// <summary>What a host runs, best first: containerd's ladder.</summary>
public sealed class PlatformMatcherTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64 linux/386")]
    [InlineData("linux/amd64/v3", "linux/amd64/v3 linux/amd64/v2 linux/amd64 linux/386")]
    [InlineData("linux/386", "linux/386")]
    [InlineData("linux/arm/v8", "linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5")]
    [InlineData("linux/arm", "linux/arm/v7 linux/arm/v6 linux/arm/v5")]
    [InlineData("linux/arm/v6", "linux/arm/v6 linux/arm/v5")]
    [InlineData("linux/arm64", "linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5")]
    [InlineData("linux/arm64/v8.2", "linux/arm64/v8.2 linux/arm64/v8.1 linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5")]
    [InlineData(
        "linux/arm64/v9",
        "linux/arm64/v9 linux/arm64/v8.5 linux/arm64/v8.4 linux/arm64/v8.3 linux/arm64/v8.2 linux/arm64/v8.1 linux/arm64 linux/arm/v8 linux/arm/v7 "
            + "linux/arm/v6 linux/arm/v5")]
    [InlineData("linux/s390x", "linux/s390x")]
    public void Only_is_a_ladder(string host, string accepted)
    {
        var matcher = PlatformMatcher.Only(new CtrPlatform(host));
        string[] expected = accepted.Split(' ');
        Assert.Equal(Enumerable.Range(0, expected.Length).Cast<int?>(), expected.Select(platform => matcher.Rank(new CtrPlatform(platform))));
    }

    [Theory]
    [InlineData("linux/amd64", "linux/arm64")]
    [InlineData("linux/amd64", "windows/amd64")]
    [InlineData("linux/amd64", "linux/amd64/v2")]
    [InlineData("linux/arm/v6", "linux/arm/v7")]
    [InlineData("linux/386", "linux/amd64")]
    public void Only_refuses_what_the_host_cannot_run(string host, string offered) =>
        Assert.Null(PlatformMatcher.Only(new CtrPlatform(host)).Rank(new CtrPlatform(offered)));

    [Fact]
    public void An_attestation_is_no_platform() =>
        Assert.False(PlatformMatcher.Only(new CtrPlatform("linux/amd64")).Matches(new CtrPlatform("unknown", "unknown")));

    [Fact]
    public void Strict_takes_just_what_is_named()
    {
        var matcher = PlatformMatcher.Strict([new CtrPlatform("linux/arm64"), new CtrPlatform("linux/arm/v7")]);
        Assert.Equal(0, matcher.Rank(new CtrPlatform("linux/arm64")));
        Assert.Equal(1, matcher.Rank(new CtrPlatform("linux/arm/v7")));
        Assert.Null(matcher.Rank(new CtrPlatform("linux/arm/v6")));
    }

    [Fact]
    public void Windows_compares_builds_and_ignores_revisions()
    {
        var matcher = PlatformMatcher.Only(new CtrPlatform("windows", "amd64", "", "10.0.20348.1"));
        Assert.True(matcher.Matches(new CtrPlatform("windows", "amd64", "", "10.0.20348.2000")));
        Assert.False(matcher.Matches(new CtrPlatform("windows", "amd64", "", "10.0.17763.1")));
        Assert.True(matcher.Matches(new CtrPlatform("windows", "amd64")));
    }
}
