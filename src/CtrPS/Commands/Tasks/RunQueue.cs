using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Processes that run side by side. Their output is taken in the order in which they were begun, that of each whole. Used on the pipeline's thread only.</summary>
internal sealed class RunQueue : IDisposable
{
    private readonly Queue<Entry> _entries = new();

    /// <summary>How many run.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds a process that was begun.</summary>
    /// <param name="run">The process.</param>
    /// <param name="sink">Takes its output.</param>
    /// <param name="end">Is told how it ended.</param>
    /// <param name="target">What an error is about.</param>
    public void Add(ProcessRun run, OutputSink sink, Action<ProcessEnd> end, object target) => _entries.Enqueue(new Entry(run, sink, end, target));

    /// <summary>Takes what the first one has written.</summary>
    public void TakeReady()
    {
        if (_entries.TryPeek(out Entry? first))
        {
            first.Run.TakeReady(first.Sink.Take);
        }
    }

    /// <summary>Takes output of the first one.</summary>
    public void Take(ProcessOutput piece) => _entries.Peek().Sink.Take(piece);

    /// <summary>Waits for the end of the first one and takes the rest of its output.</summary>
    /// <param name="guard">Does the work and sees to its errors.</param>
    public void FinishFirst(Action<object, Action> guard)
    {
        Entry first = _entries.Peek();
        try
        {
            guard(first.Target, () =>
            {
                ProcessEnd end = first.Run.Finish(first.Sink.Take);
                first.Sink.End();
                first.End(end);
            });
        }
        finally
        {
            _ = _entries.Dequeue();
            first.Run.Dispose();
        }
    }

    /// <summary>Ends those that are left: all are told first, then waited for.</summary>
    public void Dispose()
    {
        foreach (Entry entry in _entries)
        {
            entry.Run.Cancel();
        }

        while (_entries.TryDequeue(out Entry? entry))
        {
            entry.Run.Dispose();
        }
    }

    private sealed record Entry(ProcessRun Run, OutputSink Sink, Action<ProcessEnd> End, object Target);
}
