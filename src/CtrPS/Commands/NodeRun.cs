using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.ExceptionServices;

namespace CtrPS.Commands;

/// <summary>
/// Runs a cmdlet over several sessions: an instance for each. One alone runs on the pipeline's thread; several run on threads of their own, and what
/// they write or ask is done on the pipeline's thread, which waits for them meanwhile. What ends the cmdlet at one session is an error record, and
/// the others go on.
/// </summary>
internal sealed class NodeRun : IDisposable
{
    private readonly bool _inOrder;
    private readonly List<Node> _nodes;

    /// <param name="cmdlet">The cmdlet that the engine made.</param>
    /// <param name="sessions">The sessions.</param>
    /// <param name="inOrder">Whether the objects of a session wait until those of the ones before are written.</param>
    /// <param name="make">Makes the instance for a session, which writes to a runtime.</param>
    public NodeRun(
        CtrSessionCmdlet cmdlet, IReadOnlyList<CtrSession> sessions, bool inOrder, Func<CtrSession, ICommandRuntime, CtrSessionCmdlet> make)
    {
        _inOrder = inOrder;
        _nodes = [.. sessions.Select((session, index) => new Node(cmdlet, session, index, make, isAlone: sessions.Count == 1))];
    }

    /// <summary>Does a part of the work for each session that has not failed, and waits until all are done.</summary>
    public void ForEach(Action<CtrSessionCmdlet> part)
    {
        if (_nodes is [{ Runtime: null } alone])
        {
            part(alone.Cmdlet);
            return;
        }

        using var calls = new BlockingCollection<PipelineCall>();
        Runspace? runspace = Runspace.DefaultRunspace;
        Node[] live = [.. _nodes.Where(node => !node.HasEnded)];
        for (int i = 0; i < live.Length; i++)
        {
            live[i].Runtime!.MustWait = _inOrder && i > 0;
            live[i].Runtime!.IsDone = false;
        }

        Task[] running = [.. live.Select(node => Task.Factory.StartNew(
            () => node.Run(part, calls, runspace, () => NextTurn(live, node)),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];
        _ = Task.WhenAll(running).ContinueWith(
            _ => calls.CompleteAdding(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        ExceptionDispatchInfo? broken = null;
        foreach (PipelineCall call in calls.GetConsumingEnumerable())
        {
            if (broken is not null)
            {
                call.Refuse(new PipelineStoppedException());
            }
            else if (call.Run() is { } error)
            {
                // The pipeline is over: it was stopped, has enough, or an error ends it.
                broken = error;
                Stop();
            }
        }

        broken?.Throw();
        Task.WhenAll(running).GetAwaiter().GetResult();
    }

    /// <summary>A session's part is done: the ones behind it whose turn it is now write what they kept.</summary>
    private static void NextTurn(Node[] live, Node done)
    {
        done.Runtime!.IsDone = true;
        for (int i = 0; i < live.Length; i++)
        {
            live[i].Runtime!.WriteKept();
            if (!live[i].Runtime!.IsDone)
            {
                return;
            }
        }
    }

    /// <summary>Tells all instances that the pipeline is stopped.</summary>
    public void Stop()
    {
        foreach (Node node in _nodes)
        {
            node.Cmdlet.StopNode();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Node node in _nodes)
        {
            node.Cmdlet.Dispose();
        }
    }

    /// <summary>A session's instance.</summary>
    private sealed class Node
    {
        public Node(
            CtrSessionCmdlet cmdlet, CtrSession session, int index, Func<CtrSession, ICommandRuntime, CtrSessionCmdlet> make, bool isAlone)
        {
            Runtime = isAlone ? null : new NodeRuntime(cmdlet, session.Address, index);
            Cmdlet = make(session, Runtime ?? cmdlet.CommandRuntime);
        }

        public CtrSessionCmdlet Cmdlet { get; }

        /// <summary>What takes its words to the pipeline's thread. Null: it runs there itself.</summary>
        public NodeRuntime? Runtime { get; }

        /// <summary>Nothing more is done for this session: an error ended the cmdlet there.</summary>
        public bool HasEnded { get; private set; }

        public void Run(Action<CtrSessionCmdlet> part, BlockingCollection<PipelineCall> calls, Runspace? runspace, Action done)
        {
            Runspace.DefaultRunspace = runspace; // what asks for the sessions of the runspace finds them
            Runtime!.Calls = calls;
            try
            {
                part(Cmdlet);
                Runtime.Do(done);
            }
            catch (NodeEndedException e)
            {
                HasEnded = true;
                Runtime.WriteError(e.ErrorRecord);
                Runtime.Do(done);
            }
            catch (PipelineStoppedException)
            {
                HasEnded = true;
            }
            finally
            {
                Runspace.DefaultRunspace = null;
            }
        }
    }
}
