using System.Text.Json;
using System.Text.Json.Nodes;
using Containerd.Services.Containers.V1;
using CtrPS.Client.Containers;
using CtrPS.Client.Server;

namespace CtrPS.Client.Network;

/// <summary>Attaches containers to the machine's network by CNI plugins, as ctr does with --cni, and detaches them again.</summary>
/// <param name="containers">The records.</param>
/// <param name="machine">Tells whether the daemon is here.</param>
/// <param name="serverVersion">The daemon's version.</param>
internal sealed class ContainerNetworks(ContainerStore containers, DaemonMachine machine, string serverVersion)
{
    /// <summary>Attaches a container whose task is created, and marks its record. Nothing stays attached where this fails or is cancelled.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">The container.</param>
    /// <param name="pid">The task's first process.</param>
    /// <param name="options">Where plugins and configuration are.</param>
    /// <param name="cancellationToken">Kills the plugin that is at work.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.NetworkFailed"/>; <see cref="CtrErrorIds.NotLocal"/>; <see cref="CtrErrorIds.ContainerNotFound"/>.
    /// </exception>
    public async Task<CtrNetwork> AddAsync(string @namespace, string id, long pid, CtrCniOptions options, CancellationToken cancellationToken)
    {
        await machine.RequireLocalAsync("Network namespaces", cancellationToken).ConfigureAwait(false);
        string networkNamespace = RequireOwn(@namespace, id, pid);
        var network = CniNetwork.LoadDefault(options.ConfigFolder);
        CniAttachment attachment = Describe(@namespace, id) with
        {
            NetworkNamespace = networkNamespace,
            Arguments = options.Arguments,
            Capabilities = ParseCapabilities(options.Capabilities),
        };
        var chain = new PluginChain(network, options.PluginFolders, options.Timeout);

        // Marked first: whatever happens from here on, the next one who removes the task knows that there may be a network.
        var marked = new Container { Id = id };
        marked.Extensions[CniMark.Key] = CniMark.Make(options, serverVersion);
        _ = await containers.UpdateRecordAsync(@namespace, marked, ["extensions." + CniMark.Key], cancellationToken).ConfigureAwait(false);
        JsonObject result = await chain.AddAsync(attachment, cancellationToken).ConfigureAwait(false);
        try
        {
            new CniCache(options.CacheFolder).Write(network, attachment, result);
        }
        catch (CtrException)
        {
            _ = await chain.TakeBackAsync(attachment).ConfigureAwait(false);
            throw;
        }

        return CniResult.ToNetwork(result, network.Name);
    }

    /// <summary>
    /// Detaches a container if it is attached: by the mark of its record, or, as ctr 1.6 sets none, by what is kept of the task's network namespace.
    /// Cheap where nothing is to be done, and no error where it is done already.
    /// </summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="id">The container.</param>
    /// <param name="pid">The task's first process. 0: not known.</param>
    /// <param name="networkNamespace">
    /// A path to its network namespace while that is still there, as <see cref="HeldNetwork.Path"/>; plugins can clear away more then (the bridge
    /// plugin's masquerading). Empty: it is gone.
    /// </param>
    /// <param name="given">Where plugins and configuration are; what was named for the attaching comes first.</param>
    /// <param name="cancellationToken">Kills the plugin that is at work.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.NetworkFailed"/>; <see cref="CtrErrorIds.NotLocal"/>. What is needed for another try stays.
    /// </exception>
    public async Task RemoveAsync(
        string @namespace, string id, long pid, string networkNamespace, CtrCniOptions given, CancellationToken cancellationToken)
    {
        Container? record = await containers.FindRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        CtrCniOptions? marked = record is null ? null : CniMark.Read(record, given);
        if (marked is not null)
        {
            await machine.RequireLocalAsync("Network namespaces", cancellationToken).ConfigureAwait(false);
        }
        else if (!await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        CtrCniOptions options = marked ?? given;
        CniAttachment attachment = Describe(@namespace, id) with { NetworkNamespace = networkNamespace };

        // Two containers can have one id for plugins: "c" in namespace "a-b" and "b-c" in "a". Without a mark the process must be the same.
        IEnumerable<CniCacheEntry> kept = new CniCache(options.CacheFolder).Find(attachment.ContainerId, attachment.Interface)
            .Where(entry => marked is not null || (pid > 0 && entry.IsOf(PathOf(pid))));
        bool any = false;
        foreach (CniCacheEntry entry in kept)
        {
            any = true;
            await new PluginChain(entry.Network, options.PluginFolders, options.Timeout)
                .DeleteAsync(
                    attachment with { Arguments = entry.Arguments, Capabilities = entry.Capabilities },
                    entry.Result,
                    cancellationToken).ConfigureAwait(false);
            CniCache.Remove(entry);
        }

        if (marked is not null && !any && FindDefault(options.ConfigFolder) is { } network)
        {
            // It is detached already, or its results are lost. Detaching twice does no harm.
            await new PluginChain(
                network, options.PluginFolders, options.Timeout).DeleteAsync(attachment, null, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string PathOf(long pid) => $"/proc/{pid}/ns/net";

    private static CniAttachment Describe(string @namespace, string id) => new()
    {
        ContainerId = CniAttachment.IdOf(@namespace, id),
        Words = $"container '{id}' in namespace '{@namespace}'",
        Target = id,
    };

    private static CniNetwork? FindDefault(string folder)
    {
        try
        {
            return CniNetwork.LoadDefault(folder);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.NetworkFailed && e.Status == CtrStatus.NotFound)
        {
            return null;
        }
    }

    private static JsonObject ParseCapabilities(string text)
    {
        if (text.Length == 0)
        {
            return [];
        }

        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new FormatException("it is no JSON object");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"The capabilities for CNI plugins ({CtrCniOptions.CapabilitiesVariable}) cannot be read: {e.Message}",
                e)
            {
                Target = text,
            };
        }
    }

    /// <summary>The path of a task's network namespace, if it has one of its own.</summary>
    private static string RequireOwn(string @namespace, string id, long pid)
    {
        string path = PathOf(pid);
        string words = $"The container '{id}' in namespace '{@namespace}'";
        return new FileInfo(path).LinkTarget is not { } own ? throw Failed($"{words} has no process {pid} any more.", null)
            : own == new FileInfo("/proc/self/ns/net").LinkTarget
                ? throw Failed(
                    $"{words} shares the machine's own network, which CNI plugins would change.",
                    "Give it a network of CNI or the machine's, not both.")
            : path;

        CtrException Failed(string message, string? advice) => new(CtrErrorIds.NetworkFailed, CtrStatus.FailedPrecondition, message)
        {
            Target = id,
            RecommendedAction = advice,
        };
    }
}
