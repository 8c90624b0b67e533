using System.Diagnostics;
using CtrPS.Client.Connection;

namespace CtrPS.Client.Tests.Connection;

/// <summary>Which process made something, and whether it is still there.</summary>
public sealed class ProcessOwnerTests
{
    [Fact]
    public void This_process_is_here_and_not_gone()
    {
        Assert.True(ProcessOwner.Current.IsHere);
        Assert.False(ProcessOwner.Current.IsGone);
        Assert.Equal(Environment.ProcessId, ProcessOwner.Current.ProcessId);
    }

    [Fact]
    public void Its_start_is_the_kernels_count_and_not_a_clocks_time()
    {
        string[] fields = File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ');
        Assert.Equal($"{Environment.ProcessId}@{fields[19]}", ProcessOwner.Current.Process);
    }

    [Fact]
    public void Another_process_under_the_same_id_is_another()
    {
        Assert.True((ProcessOwner.Current with { Process = $"{Environment.ProcessId}@1" }).IsGone);
    }

    [Fact]
    public void A_child_is_gone_with_its_end_and_not_before_even_while_nobody_waits_for_it()
    {
        // The shell's child becomes a zombie: the shell turns into a program that waits for nobody.
        using var shell = Process.Start(new ProcessStartInfo("sh")
        {
            ArgumentList = { "-c", "sleep 1000 & echo $!; exec sleep 1000" },
            RedirectStandardOutput = true,
        })!;
        try
        {
            int id = int.Parse(shell.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
            string start = File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].Split(' ')[19];
            var child = new ProcessOwner(ProcessOwner.Current.Host, $"{id}@{start}");
            Assert.False(child.IsGone);

            // As long as it is a shell it may wait for its child.
            Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{shell.Id}/comm").Trim() == "sleep", TimeSpan.FromSeconds(30)));
            using (var running = Process.GetProcessById(id))
            {
                running.Kill();
            }

            Assert.True(SpinWait.SpinUntil(() => child.IsGone, TimeSpan.FromSeconds(30)));
            Assert.True(File.Exists($"/proc/{id}/stat"));
        }
        finally
        {
            shell.Kill();
            shell.WaitForExit();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("@")]
    [InlineData("0@1")]
    [InlineData("-1@1")]
    [InlineData("+1@1")]
    [InlineData("1@")]
    [InlineData("1@x")]
    [InlineData("1@1@1")]
    [InlineData("99999999999@1")]
    public void A_text_that_is_none_of_ours_says_nothing(string process)
    {
        ProcessOwner owner = ProcessOwner.Current with { Process = process };
        Assert.Null(owner.ProcessId);
        Assert.False(owner.IsGone);
    }

    [Fact]
    public void Of_another_host_nothing_is_known()
    {
        Assert.False(new ProcessOwner("elsewhere", $"{Environment.ProcessId}@1").IsGone);
    }
}
