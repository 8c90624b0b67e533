namespace CtrPS.Core.Tests;

/// <summary>The name of a file that is not whole: what is taken away by it must be nothing else.</summary>
public sealed class PartialNameTests
{
    [Theory]
    [InlineData("nginx.tar")]
    [InlineData("x")]
    [InlineData(".partial")]
    [InlineData("x.0123abcd.partial")]
    public void A_name_is_known_and_is_of_its_file_alone(string name)
    {
        string partial = PartialName.Make(name);
        Assert.Matches(@"\.[0-9a-f]{8}\.partial$", partial);
        Assert.True(PartialName.Is(partial));
        Assert.True(PartialName.IsOf(partial, name));
        Assert.False(PartialName.IsOf(partial, name + "x"));
        Assert.False(PartialName.IsOf(partial, "y"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".partial")]
    [InlineData("x.partial")]
    [InlineData(".0123abcd.partial")]
    [InlineData("x.0123abc.partial")]
    [InlineData("x.0123abcdef.partial")]
    [InlineData("x.0123ABCD.partial")]
    [InlineData("x_0123abcd.partial")]
    [InlineData("x.0123abcd.partial.tar")]
    public void Other_names_are_none(string name) => Assert.False(PartialName.Is(name));

    [Theory]
    [InlineData('x', 1)]
    [InlineData('ä', 2)]
    public void A_long_name_is_cut_to_what_a_file_system_takes(char letter, int bytes)
    {
        string name = new(letter, 255 / bytes);
        string partial = PartialName.Make(name);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(partial), 250, 255);
        Assert.True(PartialName.IsOf(partial, name));
    }
}
