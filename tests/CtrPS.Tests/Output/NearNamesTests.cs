using CtrPS.Output;

namespace CtrPS.Tests.Output;

public sealed class NearNamesTests
{
    [Theory]
    [InlineData("nginx", "nginx", 0)]
    [InlineData("ngnix", "nginx", 1)]
    [InlineData("nginxx", "nginx", 1)]
    [InlineData("NGINX", "nginx", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    public void Counts_letters(string one, string other, int distance) => Assert.Equal(distance, NearNames.Distance(one, other));

    [Theory]
    [InlineData("ngnix", "nginx")]
    [InlineData("ngin", "nginx")]
    [InlineData("wbe", "web")]
    [InlineData("busybocks", "busybox")]
    [InlineData("redis", "")]
    [InlineData("n", "")]
    [InlineData("web-3", "web-1 web-2")]
    public void Offers_what_is_nearest(string given, string near) => Assert.Equal(
        near.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        NearNames.Of(given, ["nginx", "web-1", "busybox", "web-2", "web"], name => [name]));

    [Fact]
    public void Does_not_compare_what_is_longer_than_a_name() =>
        Assert.Empty(NearNames.Of(new string('a', 5000), [new string('a', 5000)], name => [name]));
}
