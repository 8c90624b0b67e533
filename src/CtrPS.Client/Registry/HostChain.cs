namespace CtrPS.Client.Registry;

/// <summary>The hosts of a registry, asked one after the other.</summary>
internal static class HostChain
{
    /// <summary>Asks until one gives what is wanted; those last that did not answer a moment ago.</summary>
    /// <param name="hosts">In the order of asking.</param>
    /// <param name="registry">The registry, for messages.</param>
    /// <param name="wanted">What a host has to be there for.</param>
    /// <param name="ask">Asks a host; told is whether it is the last one.</param>
    /// <returns>The answer, and who gave it.</returns>
    /// <exception cref="CtrException">Of several hosts the fault of who came furthest.</exception>
    public static async Task<(T Answer, RegistryHost Host)> AskAsync<T>(
        IReadOnlyList<RegistryHost> hosts, string registry, RegistryCapabilities wanted, Func<RegistryHost, bool, Task<T>> ask)
    {
        RegistryHost[] able = [.. hosts.Where(host => host.May(wanted)).OrderBy(host => host.IsDown)];
        if (able.Length == 0)
        {
            throw NoHost(registry, wanted.HasFlag(RegistryCapabilities.Resolve) ? "resolve" : "pull");
        }

        var faults = new List<CtrException>();
        for (int i = 0; i < able.Length; i++)
        {
            try
            {
                return (await ask(able[i], i == able.Length - 1).ConfigureAwait(false), able[i]);
            }
            catch (CtrException e) when (IsOfHost(e))
            {
                faults.Add(e);
            }
        }

        throw RegistryFaults.MostAdvanced(faults);
    }

    /// <summary>The host that takes what changes something: the first that may.</summary>
    public static RegistryHost ToChange(IReadOnlyList<RegistryHost> hosts, string registry) =>
        hosts.FirstOrDefault(host => host.May(RegistryCapabilities.Push)) ?? throw NoHost(registry, "push");

    /// <summary>Another host may still have it, or have it right.</summary>
    private static bool IsOfHost(CtrException e) => e.ErrorId is CtrErrorIds.RegistryUnreachable or CtrErrorIds.RegistryTlsFailed
        or CtrErrorIds.RegistryDenied or CtrErrorIds.RemoteImageNotFound or CtrErrorIds.RegistryLimited or CtrErrorIds.RegistryFailed
        or CtrErrorIds.RegistryUntrusted or CtrErrorIds.BlobCorrupt;

    private static CtrException NoHost(string registry, string capability) => new(
        CtrErrorIds.RegistryUnreachable,
        CtrStatus.FailedPrecondition,
        $"No host of the registry '{registry}' has the capability '{capability}'.")
    {
        Target = registry,
        RecommendedAction = "Get-CtrRegistryHost shows its hosts and the file that names them.",
    };
}
