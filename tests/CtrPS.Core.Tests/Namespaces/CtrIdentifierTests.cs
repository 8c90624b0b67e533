namespace CtrPS.Core.Tests;

public sealed class CtrIdentifierTests
{
    [Theory]
    [InlineData("default", true)]
    [InlineData("k8s.io", true)]
    [InlineData("a_b-c.d", true)]
    [InlineData("A1", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a..b", false)]
    [InlineData(".a", false)]
    [InlineData("a-", false)]
    [InlineData("a/b", false)]
    [InlineData("a\n", false)]
    public void Follows_containerds_rule(string name, bool valid) => Assert.Equal(valid, CtrIdentifier.IsValid(name));

    [Fact]
    public void Has_76_characters_at_the_most()
    {
        Assert.True(CtrIdentifier.IsValid(new string('a', 76)));
        Assert.False(CtrIdentifier.IsValid(new string('a', 77)));
    }

    [Fact]
    public void A_bad_namespace_is_named() =>
        Assert.Contains("'a b'", Assert.Throws<CtrException>(() => CtrIdentifier.RequireNamespace("a b")).Message, StringComparison.Ordinal);
}
