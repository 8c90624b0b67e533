using System.Text;
using CtrPS.Output;

namespace CtrPS.Tests;

public sealed class LineSplitterTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\n", new[] { "one" })]
    [InlineData("one\r\ntwo\r\n", new[] { "one", "two" })]
    [InlineData("\n\none", new[] { "", "", "one" })]
    [InlineData("a\rb\n", new[] { "a\rb" })]
    [InlineData("zwei äöü €\n\U0001F600\n", new[] { "zwei äöü €", "\U0001F600" })]
    public void Lines_do_not_depend_on_where_pieces_end(string text, string[] lines)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int size = 1; size <= bytes.Length + 1; size++)
        {
            var splitter = new LineSplitter(new UTF8Encoding(false));
            Assert.Equal(lines, bytes.Chunk(size).SelectMany(splitter.Add).ToList().Concat(splitter.End()));
        }
    }

    [Fact]
    public void Half_a_character_at_the_end_is_told_as_one_that_cannot_be_read()
    {
        var splitter = new LineSplitter(new UTF8Encoding(false));
        Assert.Empty(splitter.Add([0xC3]));
        Assert.Equal(["\uFFFD"], splitter.End());
    }

    [Fact]
    public void Other_encodings_have_lines_too()
    {
        var splitter = new LineSplitter(Encoding.Unicode);
        byte[] bytes = Encoding.Unicode.GetBytes("aĊb\nc\n");
        Assert.Equal(["aĊb", "c"], bytes.Chunk(3).SelectMany(splitter.Add).ToList());
    }
}
