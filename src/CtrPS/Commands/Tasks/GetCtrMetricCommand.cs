using System.Diagnostics;
using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrMetric: what containers use of memory, CPU, disk and processes; once, or again and again.</summary>
[Cmdlet(VerbsCommon.Get, "CtrMetric")]
[OutputType(typeof(CtrMetric))]
public sealed class GetCtrMetricCommand : CtrTaskListCmdlet
{
    private readonly List<FoundTasks> _found = [];
    private readonly Dictionary<(CtrSession Session, string Namespace, string Id), CtrMetric> _before = [];

    /// <summary>Seconds between two readings.</summary>
    [Parameter(HelpMessage = "Seconds between two readings. Without -Count it goes on until Ctrl-C.")]
    [ValidateRange(0.1, 86400)]
    public double Interval { get; set; } = 1;

    /// <summary>How many readings.</summary>
    [Parameter(HelpMessage = "How many readings, each with the CPU time in percent.")]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; }

    /// <inheritdoc/>
    private protected override bool IsEndless => IsSeries;

    private bool IsSeries => Count > 0 || IsGiven(nameof(Interval));

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        if (!IsSeries)
        {
            Read(Write);
            return;
        }

        // The first reading is what the first percentage is counted from.
        Read(Remember);
        var clock = Stopwatch.StartNew();
        for (int i = 1; (Count == 0 || i <= Count) && _found.Count > 0; i++)
        {
            Guard(null, () => Pause((i * TimeSpan.FromSeconds(Interval)) - clock.Elapsed));
            Read(WriteWithPercent);
        }
    }

    /// <inheritdoc/>
    private protected override void Write(FoundTasks found)
    {
        // A namespace without tasks may get some while it is watched.
        if (found.Tasks.Count > 0 || (found.Id is null && IsSeries))
        {
            _found.Add(found);
        }
    }

    private void Pause(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
        {
            Await(token => Task.Delay(time, token));
        }
    }

    /// <summary>Reads all that was asked for. What was named and tells nothing is an error, and is not asked again.</summary>
    private void Read(Action<FoundTasks, CtrMetric> use)
    {
        foreach (FoundTasks found in _found.ToList())
        {
            Guard(found.Id ?? found.Namespace, () =>
            {
                IReadOnlyList<CtrMetric> metrics = Await(token => found.Connection.Tasks.ReadMetricsAsync(found.Namespace, found.Id, token));
                if (metrics.Count == 0 && found.Id is { } id)
                {
                    _ = _found.Remove(found);
                    throw Await(token => SilentAsync(found, id, token));
                }

                foreach (CtrMetric metric in metrics.Where(metric => found.Matches(metric.Id)))
                {
                    metric.Session = found.Session;
                    use(found, metric);
                }
            });
        }
    }

    private void Write(FoundTasks found, CtrMetric metric) => WriteObject(metric);

    private void Remember(FoundTasks found, CtrMetric metric) => _before[(found.Session, metric.Namespace, metric.Id)] = metric;

    private void WriteWithPercent(FoundTasks found, CtrMetric metric)
    {
        _ = _before.TryGetValue((found.Session, metric.Namespace, metric.Id), out CtrMetric? before);
        Remember(found, metric);
        WriteObject(metric.With(copy => copy.CpuPercent = Percent(before, metric)));
    }

    /// <summary>Null where there is nothing to count from: a container that is new, or was started anew.</summary>
    private static double? Percent(CtrMetric? before, CtrMetric now) =>
        before is { Timestamp: { } from } && now.Timestamp is { } to && to > from && now.CpuUsage >= before.CpuUsage
            ? (now.CpuUsage - before.CpuUsage) / (to - from) * 100
            : null;

    /// <summary>Why a container tells nothing.</summary>
    private static async Task<CtrException> SilentAsync(FoundTasks found, string id, CancellationToken cancellationToken)
    {
        CtrTask? task = await found.Connection.Tasks.FindAsync(found.Namespace, id, cancellationToken).ConfigureAwait(false);
        return task is null
            ? await NoTaskAsync(found.Connection, [found.Namespace], id, cancellationToken).ConfigureAwait(false)
            : task.State is CtrTaskState.Stopped or CtrTaskState.Unknown
            ? new CtrException(
                CtrErrorIds.TaskState, CtrStatus.FailedPrecondition,
                $"The task of container '{id}' in namespace '{found.Namespace}' has ended and tells no numbers any more.")
            {
                Target = id,
            }
            : new CtrException(
                CtrErrorIds.NotSupported, CtrStatus.Unimplemented,
                $"The runtime of container '{id}' in namespace '{found.Namespace}' tells no numbers, or none of a Linux control group.")
            {
                Target = id,
                RecommendedAction = "Look which runtime it is with Get-CtrContainer.",
            };
    }
}
