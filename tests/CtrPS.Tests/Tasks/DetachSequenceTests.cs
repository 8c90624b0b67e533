using CtrPS.Commands;

namespace CtrPS.Tests;

public sealed class DetachSequenceTests
{
    [Theory]
    [InlineData("ctrl-p,ctrl-q", "ab\u0010\u0011c", "ab", true)]
    [InlineData("ctrl-p,ctrl-q", "\u0010x", "\u0010x", false)]
    [InlineData("ctrl-p,ctrl-q", "\u0010\u0010\u0011", "\u0010", true)]
    [InlineData("ctrl-p,ctrl-q", "a\u0010", "a", false)]
    [InlineData("ctrl-p,ctrl-q", "\u0011\u0010", "\u0011", false)]
    [InlineData("a", "bab", "b", true)]
    [InlineData("CTRL-@", "\0", "", true)]
    [InlineData("ctrl-[,ctrl-\\,ctrl-_", "\u001b\u001c\u001f", "", true)]
    [InlineData("", "\u0010\u0011", "\u0010\u0011", false)]
    public void Keys_are_passed_on_until_those_that_detach(string keys, string typed, string passed, bool detaches)
    {
        foreach (int size in new[] { 1, typed.Length })
        {
            var detach = DetachSequence.Parse(keys);
            var all = new List<byte>();
            bool found = false;
            foreach (byte[] piece in typed.Select(key => (byte)key).Chunk(size))
            {
                if (found)
                {
                    break;
                }

                found = detach.Take(piece, out byte[] forward);
                all.AddRange(forward);
            }

            Assert.Equal(detaches, found);
            Assert.Equal(passed.Select(key => (byte)key), all);
        }
    }

    [Theory]
    [InlineData("ctrl-1")]
    [InlineData("ctrl-")]
    [InlineData("strg-p")]
    [InlineData("ä")]
    public void Other_texts_are_refused(string keys) =>
        Assert.Equal(CtrErrorIds.InvalidArgument, Assert.Throws<CtrException>(() => DetachSequence.Parse(keys)).ErrorId);
}
