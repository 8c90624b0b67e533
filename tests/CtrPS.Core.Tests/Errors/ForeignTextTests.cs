namespace CtrPS.Tests;

/// <summary>Text from outside, as it is shown.</summary>
public sealed class ForeignTextTests
{
    [Theory]
    [InlineData("nginx:1.27", "nginx:1.27")]
    [InlineData("größe 日本 🎉", "größe 日本 🎉")]
    [InlineData("a\u001b[31mred", @"a\u001b[31mred")]
    [InlineData("a\r\nb\tc", @"a\u000d\u000ab\u0009c")]
    [InlineData("del\u007f c1\u009b31m", @"del\u007f c1\u009b31m")]
    [InlineData("\u202egpj.exe\u2066\u200b\ufeff\u00ad", @"\u202egpj.exe\u2066\u200b\ufeff\u00ad")]
    [InlineData("a\u2028b\u2029c", @"a\u2028b\u2029c")]
    [InlineData("tag\U000E0041", @"tag\U000e0041")]
    public void What_steers_or_hides_is_escaped(string text, string shown) => Assert.Equal(shown, ForeignText.Escape(text));

    [Fact]
    public void Nothing_stays_nothing() => Assert.Null(ForeignText.Escape(null));

    [Fact]
    public void Lines_and_tabs_may_pass() => Assert.Equal("a\r\n\tb\\u001bc", ForeignText.EscapeLines("a\r\n\tb\u001bc"));

    [Fact]
    public void The_middle_of_a_long_text_is_left_out()
    {
        string shown = ForeignText.Show(new string('a', 1000) + "\n");
        Assert.StartsWith("aaa", shown, StringComparison.Ordinal);
        Assert.EndsWith(@"a\u000a", shown, StringComparison.Ordinal);
        Assert.Contains("(1001 characters)", shown, StringComparison.Ordinal);
        Assert.True(shown.Length < 350);
    }

    [Fact]
    public void An_error_is_fit_to_be_shown_and_a_programs_own_line_stays_as_it_is()
    {
        var error = new CtrException(CtrErrorIds.ImageNotFound, CtrStatus.NotFound, "no '\u001b[2J'")
        {
            Target = "\u001b[2J",
            RecommendedAction = "Look at '\u202e'.",
            Details = ["\a"],
        };
        Assert.Equal(@"no '\u001b[2J'", error.Message);
        Assert.Equal("\u001b[2J", error.Target);
        Assert.Equal(@"Look at '\u202e'.", error.RecommendedAction);
        Assert.Equal([@"\u0007"], error.Details);
        Assert.Equal("\ta \u001b[31mline", new CtrException(CtrErrorIds.StandardError, CtrStatus.None, "\ta \u001b[31mline").Message);
    }
}
