using CtrPS.Client.Posix;
using CtrPS.Client.Tasks;

namespace CtrPS.Client.Tests.Tasks;

/// <summary>The standard input of a process, whose reader may come after the start of the process: a real pipe without a shim.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ProcessPipesTests : IAsyncLifetime
{
    private readonly string _parent = Directory.CreateTempSubdirectory("ctrps-").FullName;
    private readonly TaskCompletionSource _end = new();
    private ProcessPipes _pipes = null!;

    public async ValueTask InitializeAsync() => _pipes = await ProcessPipes.MakeAsync(
        _parent, "one", new CtrProcessIo { Kind = CtrIo.Pipes, Input = true }, PipeMark.Of("/run/x.sock", "k8s.io", "web", "exec-1"));

    public async ValueTask DisposeAsync()
    {
        await _pipes.DisposeAsync();
        Directory.Delete(_parent, recursive: true);
    }

    [Fact]
    public async Task The_input_is_opened_when_its_reader_comes_late()
    {
        Task<Stream?> opening = _pipes.OpenInputAsync(_end.Task, TestContext.Current.CancellationToken);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(opening.IsCompleted);

        await using Stream reader = Fifo.OpenToRead(_pipes.InputPath);
        await using Stream? input = await opening;
        await input!.WriteAsync(new byte[] { 7 }, TestContext.Current.CancellationToken);
        byte[] read = new byte[2];
        Assert.Equal(1, await reader.ReadAsync(read, TestContext.Current.CancellationToken));
        Assert.Equal(7, read[0]);
    }

    [Fact]
    public async Task Nobody_reads_when_the_process_has_ended()
    {
        Task<Stream?> opening = _pipes.OpenInputAsync(_end.Task, TestContext.Current.CancellationToken);
        _end.SetResult();
        Assert.Null(await opening);
    }

    [Fact]
    public async Task The_wait_for_a_reader_can_be_ended()
    {
        using var stop = new CancellationTokenSource();
        Task<Stream?> opening = _pipes.OpenInputAsync(_end.Task, stop.Token);
        await stop.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
    }

    [Fact]
    public async Task Pipes_of_a_process_that_runs_for_long_are_not_waited_for()
    {
        ProcessPipes opened = await ProcessPipes.OpenAsync(_pipes.InputPath, _pipes.OutputPath, _pipes.ErrorPath, "task 'one'", "one");
        Assert.Null(await opened.OpenInputAsync(_end.Task, TestContext.Current.CancellationToken));
        await opened.DisposeAsync();
    }
}
