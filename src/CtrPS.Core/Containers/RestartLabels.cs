namespace CtrPS;

/// <summary>The labels by which containerd's restart monitor knows its containers (runtime/restart/restart.go). It looks every ten seconds.</summary>
internal static class RestartLabels
{
    /// <summary>What the container is to be: running or stopped. The monitor looks after the containers that have it.</summary>
    public const string Status = "containerd.io/restart.status";

    /// <summary>When to start it anew: no, always, on-failure[:count], unless-stopped. Since 1.7.</summary>
    public const string Policy = "containerd.io/restart.policy";

    /// <summary>Whether a user stopped it; only the policy unless-stopped heeds it. Since 1.7.</summary>
    public const string ExplicitlyStopped = "containerd.io/restart.explicitly-stopped";

    /// <summary>Where the monitor sends the output of the tasks that it starts.</summary>
    public const string LogUri = "containerd.io/restart.loguri";

    /// <summary>The same as a path, as older clients write it.</summary>
    public const string LogPath = "containerd.io/restart.logpath";

    /// <summary>What to change so that the monitor leaves a container stopped. Empty where it does not look after it, or leaves it already.</summary>
    /// <param name="labels">The container's labels.</param>
    public static IReadOnlyDictionary<string, string?> ToStop(IReadOnlyDictionary<string, string> labels)
    {
        var changes = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (labels.TryGetValue(Status, out string? status) && status != "stopped")
        {
            changes[Status] = "stopped";
        }

        if (labels.ContainsKey(Policy) && (!labels.TryGetValue(ExplicitlyStopped, out string? stopped) || stopped != "true"))
        {
            changes[ExplicitlyStopped] = "true";
        }

        return changes;
    }

    /// <summary>What to change so that the monitor looks after a container again that was stopped. Empty where it never did, or does.</summary>
    /// <param name="labels">The container's labels.</param>
    public static IReadOnlyDictionary<string, string?> ToStart(IReadOnlyDictionary<string, string> labels)
    {
        var changes = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (labels.TryGetValue(Status, out string? status) && status != "running")
        {
            changes[Status] = "running";
        }

        if (labels.ContainsKey(ExplicitlyStopped))
        {
            changes[ExplicitlyStopped] = null;
        }

        return changes;
    }
}
