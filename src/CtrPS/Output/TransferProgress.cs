using System.Management.Automation;
using CtrPS.Commands;

namespace CtrPS.Output;

/// <summary>
/// Shows how far a transfer is, while the pipeline's thread waits for it: at most five times a second, and not at all where it takes less.
/// </summary>
internal sealed class TransferProgress(CtrTextCmdlet cmdlet, string activity)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private ProgressRecord? _shown;

    /// <summary>Where the work counts.</summary>
    public CtrTransferMeter Meter { get; } = new();

    /// <summary>Waits for a piece of the work.</summary>
    public T Wait<T>(Task<T> work)
    {
        while (Task.WaitAny([work], Interval) < 0)
        {
            _shown = new ProgressRecord(0, activity, Meter.Current ?? "Looking what is to be done");
            if (Meter.TotalBytes > 0)
            {
                _shown.PercentComplete = (int)Math.Clamp(Meter.DoneBytes * 100 / Meter.TotalBytes, 0, 100);
                _shown.CurrentOperation = $"{CtrFormat.Size(Meter.DoneBytes)} of {CtrFormat.Size(Meter.TotalBytes)}";
            }

            cmdlet.WriteProgress(_shown);
        }

        return work.GetAwaiter().GetResult();
    }

    /// <summary>Takes the progress away.</summary>
    public void End()
    {
        if (_shown is not null)
        {
            _shown.RecordType = ProgressRecordType.Completed;
            cmdlet.WriteProgress(_shown);
        }
    }
}
