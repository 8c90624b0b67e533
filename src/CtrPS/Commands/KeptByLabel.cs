using System.Collections;
using System.Globalization;

namespace CtrPS.Commands;

/// <summary>
/// How the garbage collector is kept from what a user makes by itself: by a label of its own, unless a lease does it or the user says that nothing is
/// to.
/// </summary>
internal static class KeptByLabel
{
    /// <summary>The labels to give it.</summary>
    /// <param name="given">The user's.</param>
    /// <param name="lease">The lease that keeps it. Null: none.</param>
    /// <param name="noRoot">Nothing is to keep it.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static Dictionary<string, string> Labels(IDictionary given, string? lease, bool noRoot)
    {
        if (lease is not null && noRoot)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-Lease and -NoRoot contradict each other: a lease keeps what it holds.");
        }

        Dictionary<string, string> labels = CtrPS.Binding.Labels.From(given)
            .Where(label => !string.IsNullOrEmpty(label.Value))
            .ToDictionary(label => label.Key, label => label.Value!, StringComparer.Ordinal);
        if (lease is null && !noRoot)
        {
            _ = labels.TryAdd(CollectorLabels.Root, DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }

        return labels;
    }
}
