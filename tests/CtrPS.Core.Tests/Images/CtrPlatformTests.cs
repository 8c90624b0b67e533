namespace CtrPS.Core.Tests;

/// <summary>containerd's normalisation of platforms.</summary>
public sealed class CtrPlatformTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("Linux/x86_64", "linux/amd64")]
    [InlineData("linux/x86-64", "linux/amd64")]
    [InlineData("linux/amd64/v1", "linux/amd64")]
    [InlineData("linux/amd64/v3", "linux/amd64/v3")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm64/8", "linux/arm64")]
    [InlineData("linux/arm64/v9", "linux/arm64/v9")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/arm/6", "linux/arm/v6")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("linux/armel", "linux/arm/v6")]
    [InlineData("linux/i386", "linux/386")]
    [InlineData("macos/arm64", "darwin/arm64")]
    [InlineData("arm64", "linux/arm64")]
    [InlineData("s390x", "linux/s390x")]
    [InlineData("windows/amd64", "windows/amd64")]
    public void Normalises(string given, string expected) => Assert.Equal(expected, new CtrPlatform(given).ToString());

    [Fact]
    public void A_lone_system_gets_the_local_architecture() => Assert.Equal(CtrPlatform.Local.Architecture, new CtrPlatform("windows").Architecture);

    [Theory]
    [InlineData("")]
    [InlineData("linux/")]
    [InlineData("linux/arm/v7/x")]
    [InlineData("lin ux/amd64")]
    [InlineData("nonsense")]
    public void Refuses(string given)
    {
        CtrException error = Assert.Throws<CtrException>(() => new CtrPlatform(given));
        Assert.Equal(CtrErrorIds.InvalidPlatform, error.ErrorId);
        Assert.Contains($"'{given}'", error.Message, StringComparison.Ordinal);
    }
}
