namespace CtrPS.Core.Tests;

/// <summary>Tags come in the order in which versions grow.</summary>
public sealed class TagOrderTests
{
    [Theory]
    [InlineData("1.9 1.10")]
    [InlineData("1.9 1.9.1 1.10 2")]
    [InlineData("latest stable 1 1.0")]
    [InlineData("1.27-rc1 1.27-rc2 1.27-rc10 1.27 1.27-alpine 1.27.1")]
    [InlineData("1.27-alpha.1 1.27-beta.1 1.27")]
    [InlineData("2.0.0-SNAPSHOT 2.0.0")]
    [InlineData("v1.2 1.3 v1.4")]
    [InlineData("20240101 20240102 99999999999999999999999999")]
    [InlineData("1.0 1.00")]
    [InlineData("1.27-reply 1.27.1")]
    public void Of_each_two_the_first_is_the_older(string tags)
    {
        string[] inOrder = tags.Split(' ');
        string[] shuffled = [.. inOrder.Reverse()];
        Assert.Equal(inOrder, shuffled.Order(TagOrder.Instance));
        for (int i = 0; i < inOrder.Length; i++)
        {
            for (int j = 0; j < inOrder.Length; j++)
            {
                Assert.Equal(Math.Sign(i - j), Math.Sign(TagOrder.Instance.Compare(inOrder[i], inOrder[j])));
            }
        }
    }

    [Fact]
    public void It_is_an_order_of_any_tags()
    {
        string[] words =
            ["", "a", "1", "1.", "1-", "-rc", "1-rc", "1rc1", "rc", "v", "v1", "1.a", "1.2a", "1-a1", "1_1", "1.01", "1.1-pre", "1-alpine3.20"];
        foreach (string a in words)
        {
            Assert.Equal(0, TagOrder.Instance.Compare(a, a));
            foreach (string b in words)
            {
                int order = Math.Sign(TagOrder.Instance.Compare(a, b));
                Assert.Equal(-order, Math.Sign(TagOrder.Instance.Compare(b, a)));
                Assert.All(words.Where(c => order < 0 && TagOrder.Instance.Compare(b, c) < 0), c => Assert.True(
                    TagOrder.Instance.Compare(a, c) < 0, $"'{a}' is before '{b}' and that before '{c}'"));
            }
        }
    }
}
