namespace CtrPS.Core.Tests;

public sealed class CtrSignalTests
{
    [Theory]
    [InlineData("TERM", 15, "SIGTERM")]
    [InlineData("SIGTERM", 15, "SIGTERM")]
    [InlineData("sigquit", 3, "SIGQUIT")]
    [InlineData(" HUP ", 1, "SIGHUP")]
    [InlineData("9", 9, "SIGKILL")]
    [InlineData("32", 32, "32")]
    [InlineData("IOT", 6, "SIGABRT")]
    [InlineData("SIGPOLL", 29, "SIGIO")]
    [InlineData("SYS", 31, "SIGSYS")]
    [InlineData("RTMIN", 34, "SIGRTMIN")]
    [InlineData("SIGRTMIN+3", 37, "SIGRTMIN+3")]
    [InlineData("RTMAX", 64, "SIGRTMAX")]
    [InlineData("RTMAX-14", 50, "SIGRTMIN+16")]
    [InlineData("RTMIN+30", 64, "SIGRTMAX")]
    public void Reads_names_and_numbers(string text, int number, string name)
    {
        var signal = CtrSignal.Parse(text);
        Assert.Equal(number, signal.Number);
        Assert.Equal(name, signal.Name);
        Assert.Equal(signal, CtrSignal.Parse(signal.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-9")]
    [InlineData("TERMINATE")]
    [InlineData("SIG")]
    [InlineData("SIGSIGTERM")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMAX-31")]
    [InlineData("RTMIN-1")]
    [InlineData("RTMIN+")]
    public void Refuses_what_is_none_and_says_what_is_one(string text)
    {
        CtrException error = Assert.Throws<CtrException>(() => CtrSignal.Parse(text));
        Assert.Equal(CtrErrorIds.InvalidArgument, error.ErrorId);
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("SIGTERM", error.RecommendedAction, StringComparison.Ordinal);
    }

    /// <summary>The table of the kernel (asm-generic/signal.h).</summary>
    [Fact]
    public void Names_are_those_of_the_kernel()
    {
        Assert.Equal(31, CtrSignal.All.Count);
        Assert.All(CtrSignal.All, (signal, index) => Assert.Equal(index + 1, signal.Number));
        Assert.Equal(
            ["SIGKILL", "SIGTERM", "SIGCHLD", "SIGSTOP", "SIGWINCH"], new[] { 9, 15, 17, 19, 28 }.Select(number => new CtrSignal(number).Name));
    }
}
