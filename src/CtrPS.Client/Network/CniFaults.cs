namespace CtrPS.Client.Network;

/// <summary>Errors of networks in the module's words.</summary>
internal static class CniFaults
{
    public static CtrException Config(string path, string fault, Exception? cause = null) => new(
        CtrErrorIds.NetworkFailed, CtrStatus.InvalidArgument, $"The network configuration '{path}' cannot be used: {fault}", cause)
    {
        Target = path,
        RecommendedAction = "Mend the file, or name another folder with -CniConfigPath.",
    };

    public static CtrException NoConfig(string folder) => new(
        CtrErrorIds.NetworkFailed, CtrStatus.NotFound, $"There is no network configuration (.conf, .conflist, .json) in '{folder}'.")
    {
        Target = folder,
        RecommendedAction = "Put one there, or name another folder with -CniConfigPath.",
    };

    public static CtrException NoPlugin(CniNetwork network, string type, IReadOnlyList<string> folders) => new(
        CtrErrorIds.NetworkFailed,
        CtrStatus.NotFound,
        $"There is no CNI plugin '{type}', which the network '{network.Name}' needs, in {string.Join(", ", folders)}.")
    {
        Target = type,
        RecommendedAction = "Install the plugins (on Debian: containernetworking-plugins), or name their folder with -CniPluginPath.",
    };

    /// <summary>A plugin said no.</summary>
    /// <param name="words">The plugin and what it was to do, in words.</param>
    /// <param name="target">The container.</param>
    /// <param name="failure">What it said.</param>
    /// <param name="further">What else went wrong because of it.</param>
    public static CtrException Plugin(string words, string target, PluginFailureException failure, IReadOnlyList<string> further)
    {
        string code = failure.Code is { } number ? $" (code {number})" : "";
        string details = failure.Details.Length == 0 ? "" : $" {failure.Details}";
        return new CtrException(CtrErrorIds.NetworkFailed, CtrStatus.Unknown, $"{words}{code}: {failure.Message}{details}", failure)
        {
            Target = target,
            RecommendedAction = Advice(failure.Code),
            Details = further,
        };
    }

    // CNI specification 1.1, section 2: error codes.
    private static string? Advice(int? code) => code switch
    {
        1 => "The plugin does not know the cniVersion of the configuration: lower it, or install newer plugins.",
        2 => "The plugin does not know a field of the configuration.",
        6 or 7 => "Look at the plugin's part of the configuration.",
        11 => "Try again later.",
        50 or 51 => "The plugin is not ready: look at what it depends on.",
        _ => null,
    };
}
