using System.Globalization;

namespace CtrPS.Client.Containers;

/// <summary>
/// Turns a restart policy into the labels by which containerd's restart monitor knows what to do (core/runtime/restart/restart.go).
/// </summary>
internal static class RestartPolicy
{

    /// <summary>The labels for a policy. Empty: it is never started again.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidArgument"/>; <see cref="CtrErrorIds.NotSupported"/>: the daemon has no monitor, or one that does not know the
    /// policy.
    /// </exception>
    public static async Task<IReadOnlyDictionary<string, string>> LabelsAsync(
        CtrContainerRequest request, IServerInspector server, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        string? policy = request.RestartPolicy;
        string name = policy?.Split(':')[0] ?? "no";
        if (name == "no" && policy is null or "no")
        {
            return request.RestartLogUri is null ? labels : throw Invalid("A log for restarts needs a policy other than no.", request.RestartLogUri);
        }

        string[] parts = policy!.Split(':');
        if (!SpecNames.RestartPolicies.Contains(name)
            || parts.Length > 2
            || (parts.Length == 2 && (name != "on-failure" || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))))
        {
            throw Invalid($"'{policy}' is not a restart policy. There are no, always, on-failure[:times] and unless-stopped.", policy);
        }

        CtrPlugin? monitor = (await server.ListPluginsAsync(["id==restart"], cancellationToken).ConfigureAwait(false))
            .FirstOrDefault(plugin => plugin.Status == CtrPluginStatus.Ok);
        if (monitor is null)
        {
            throw NotSupported("The daemon's restart monitor does not run: the container would not be started again.", policy);
        }

        // 1.6 says nothing of policies and knows one: always.
        if (name != "always" && !monitor.Capabilities.Contains(name))
        {
            throw NotSupported($"The daemon's restart monitor does not know the policy '{name}', only always.", policy);
        }

        labels[RestartLabels.Status] = "running";
        labels[RestartLabels.Policy] = policy;
        if (request.RestartLogUri is { } uri)
        {
            labels[RestartLabels.LogUri] = uri;
        }

        return labels;
    }

    private static CtrException Invalid(string message, string target) => new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message)
    {
        Target = target,
    };

    private static CtrException NotSupported(string message, string target) => new(CtrErrorIds.NotSupported, CtrStatus.Unimplemented, message)
    {
        Target = target,
        RecommendedAction = "Look with Get-CtrPlugin at what the daemon has; policies other than always need containerd 1.7.",
    };
}
