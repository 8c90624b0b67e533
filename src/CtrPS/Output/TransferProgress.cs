using System.Management.Automation;
using CtrPS.Commands;

namespace CtrPS.Output;

/// <summary>
/// Shows how far a transfer is, while the pipeline's thread waits for it: at most five times a second, and not at all where it takes less.
/// </summary>
internal sealed class TransferProgress(CtrTextCmdlet cmdlet, string activity)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Parts that are shown below the whole: more would push the rest off the screen.</summary>
    private const int MaxParts = 5;

    private readonly Dictionary<CtrTransferMeter, ProgressRecord> _parts = new(ReferenceEqualityComparer.Instance);
    private ProgressRecord? _shown;

    /// <summary>Where the work counts.</summary>
    public CtrTransferMeter Meter { get; } = new();

    /// <summary>Waits for a piece of the work.</summary>
    public T Wait<T>(Task<T> work)
    {
        while (Task.WaitAny([work], Interval) < 0)
        {
            _shown = Record(0, activity, Meter);
            cmdlet.WriteProgress(_shown);
            IReadOnlyList<CtrTransferMeter> parts = Meter.Parts;
            foreach (CtrTransferMeter ended in _parts.Keys.Except(parts).ToList())
            {
                End(_parts[ended]);
                _ = _parts.Remove(ended);
            }

            foreach (CtrTransferMeter part in parts.Where(part => _parts.ContainsKey(part) || _parts.Count < MaxParts).ToList())
            {
                int id = _parts.TryGetValue(part, out ProgressRecord? known)
                    ? known.ActivityId
                    : Enumerable.Range(1, MaxParts).First(number => _parts.Values.All(record => record.ActivityId != number));
                _parts[part] = Record(id, part.Name, part);
                _parts[part].ParentActivityId = 0;
                cmdlet.WriteProgress(_parts[part]);
            }
        }

        return work.GetAwaiter().GetResult();
    }

    /// <summary>Takes the progress away.</summary>
    public void End()
    {
        foreach (ProgressRecord part in _parts.Values)
        {
            End(part);
        }

        if (_shown is not null)
        {
            End(_shown);
        }
    }

    private void End(ProgressRecord record)
    {
        record.RecordType = ProgressRecordType.Completed;
        cmdlet.WriteProgress(record);
    }

    private static ProgressRecord Record(int id, string activity, CtrTransferMeter meter)
    {
        // The status is what PowerShell's small view shows beside the bar.
        if (meter.TotalBytes == 0)
        {
            return new ProgressRecord(id, activity, meter.Current ?? "Looking what is to be done");
        }

        string bytes = $"{CtrFormat.Size(meter.DoneBytes)} of {CtrFormat.Size(meter.TotalBytes)}";
        return new ProgressRecord(id, activity, bytes)
        {
            PercentComplete = (int)Math.Clamp(meter.DoneBytes * 100 / meter.TotalBytes, 0, 100),
            CurrentOperation = meter.Current,
        };
    }
}
