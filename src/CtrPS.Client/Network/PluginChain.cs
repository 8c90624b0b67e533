using System.Text.Json.Nodes;

namespace CtrPS.Client.Network;

/// <summary>Runs the plugins of a network (CNI specification 1.1, section 3: execution of network configurations).</summary>
/// <param name="network">The network.</param>
/// <param name="folders">Where plugins are.</param>
/// <param name="timeout">How long one may take.</param>
internal sealed class PluginChain(CniNetwork network, IReadOnlyList<string> folders, TimeSpan timeout)
{
    /// <summary>How long the removal after a failure may take in all; what is left then is told.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Attaches a container. Where a plugin fails, or the work is cancelled, all of them get the chance to take back what they did.
    /// </summary>
    /// <returns>The result of the last plugin.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NetworkFailed"/>.</exception>
    public async Task<JsonObject> AddAsync(CniAttachment attachment, CancellationToken cancellationToken)
    {
        string[] programs = [.. network.Plugins.Select(plugin => Find(plugin.Type))]; // all of them before the first does anything
        JsonObject? result = null;
        for (int i = 0; i < programs.Length; i++)
        {
            CniPlugin plugin = network.Plugins[i];
            try
            {
                ReadOnlyMemory<byte> output = await PluginProcess.RunAsync(
                    programs[i],
                    Environment("ADD", attachment),
                    plugin.Input(network, result, attachment.Capabilities),
                    timeout,
                    cancellationToken).ConfigureAwait(false);
                result = CniResult.Parse(output, network.Version);
            }
            catch (PluginFailureException e)
            {
                throw CniFaults.Plugin(
                    $"The CNI plugin '{plugin.Type}' of network '{network.Name}' could not attach the {attachment.Words}",
                    attachment.Target,
                    e,
                    await TakeBackAsync(attachment).ConfigureAwait(false));
            }
            catch (OperationCanceledException)
            {
                _ = await TakeBackAsync(attachment).ConfigureAwait(false);
                throw;
            }
        }

        return result!;
    }

    /// <summary>
    /// Detaches a container: every plugin, the last first, also where one fails. A container that is detached already is no error, by the rules for
    /// plugins.
    /// </summary>
    /// <param name="attachment">The container; its network namespace may be gone.</param>
    /// <param name="previous">The result of the attaching. Null: it is not known.</param>
    /// <param name="cancellationToken">Kills the plugin that is at work; the others are not run.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NetworkFailed"/>: the first fault, the others in its details.</exception>
    public async Task DeleteAsync(CniAttachment attachment, JsonObject? previous, CancellationToken cancellationToken)
    {
        var faults = new List<(CniPlugin Plugin, PluginFailureException Failure)>();
        foreach (CniPlugin plugin in network.Plugins.Reverse())
        {
            try
            {
                _ = await PluginProcess.RunAsync(
                    Find(plugin.Type),
                    Environment("DEL", attachment),
                    plugin.Input(network, network.TakesResultBack ? previous : null, attachment.Capabilities),
                    timeout,
                    cancellationToken).ConfigureAwait(false);
            }
            catch (PluginFailureException e)
                when (attachment.NetworkNamespace.Length == 0 && e.Message.Contains("no such file or directory", StringComparison.Ordinal))
            {
                // Plugins of old look for the network namespace although they are told that it is gone (go-cni, Remove).
            }
            catch (PluginFailureException e)
            {
                faults.Add((plugin, e));
            }
        }

        if (faults is [(CniPlugin first, PluginFailureException failure), .. var others])
        {
            throw CniFaults.Plugin(
                $"The CNI plugin '{first.Type}' of network '{network.Name}' could not detach the {attachment.Words}",
                attachment.Target,
                failure,
                [.. others.Select(other => $"The plugin '{other.Plugin.Type}' failed as well: {other.Failure.Message}")]);
        }
    }

    /// <summary>Detaches after a fault; the fault is the one to tell, so what fails here only goes with it.</summary>
    public async Task<IReadOnlyList<string>> TakeBackAsync(CniAttachment attachment)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await DeleteAsync(attachment, null, limit.Token).ConfigureAwait(false);
            return [];
        }
        catch (CtrException e)
        {
            return [e.Message, .. e.Details];
        }
        catch (OperationCanceledException)
        {
            return [$"Detaching the {attachment.Words} again took too long and was given up."];
        }
    }

    private string Find(string type) =>
        folders.Select(folder => Path.Combine(folder, type)).FirstOrDefault(File.Exists) ?? throw CniFaults.NoPlugin(network, type, folders);

    private Dictionary<string, string> Environment(string command, CniAttachment attachment) => new(StringComparer.Ordinal)
    {
        ["CNI_COMMAND"] = command,
        ["CNI_CONTAINERID"] = attachment.ContainerId,
        ["CNI_NETNS"] = attachment.NetworkNamespace,
        ["CNI_IFNAME"] = attachment.Interface,
        ["CNI_ARGS"] = attachment.Arguments,
        ["CNI_PATH"] = string.Join(Path.PathSeparator, folders),
    };
}
