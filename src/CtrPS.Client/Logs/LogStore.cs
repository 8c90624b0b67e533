using System.Text.Json;
using Containerd.Services.Containers.V1;
using CtrPS.Client.Containers;
using CtrPS.Client.Server;

namespace CtrPS.Client.Logs;

/// <inheritdoc/>
internal sealed class LogStore(ContainerStore containers, ITaskStore tasks, DaemonMachine machine) : ILogStore
{
    /// <summary>The label with the log URI that we gave a container's last task: a task that is removed has taken its own along.</summary>
    public const string UriLabel = "ctrps.io/log-uri";

    // containerd, pkg/cri/server/helpers.go; nerdctl, pkg/labels/labels.go.
    private const string CriMetadata = "io.cri-containerd.container.metadata";
    private const string NerdctlFolder = "nerdctl/state-dir";

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    public async Task<CtrLogSource> FindAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        Container record = await containers.GetRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        CtrContainer container = ContainerRecords.ToContainer(record, null, @namespace);
        await machine.RequireLocalAsync("The logs of containers", cancellationToken).ConfigureAwait(false);
        if (container.Kind == CtrContainerKind.Sandbox)
        {
            throw NotFound(
                container,
                $"it is the sandbox of pod {container.PodNamespace}/{container.PodName}, which writes none.",
                $"Take a container of the pod: Get-CtrContainer -Namespace {@namespace} | Where-Object PodName -eq {container.PodName}.");
        }

        if (record.Extensions.TryGetValue(CriMetadata, out Google.Protobuf.WellKnownTypes.Any? metadata))
        {
            return CriPath(metadata.Value.Span) is { Length: > 0 } path
                ? Source(container, path, CtrLogFormat.Cri)
                : throw NotFound(container, "Kubernetes gave it none.", "Give the pod's sandbox a log directory, and the container a log path.");
        }

        CtrTask? task = await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        if (PathOf(task?.StandardOutput) is { } open)
        {
            return Source(container, open, CtrLogFormat.Plain);
        }

        if (container.Labels.TryGetValue(NerdctlFolder, out string? folder)
            && Path.Combine(folder, $"{id}-json.log") is var json
            && File.Exists(json))
        {
            return Source(container, json, CtrLogFormat.Json);
        }

        foreach (string label in new[] { UriLabel, RestartLabels.LogUri, RestartLabels.LogPath })
        {
            if (container.Labels.TryGetValue(label, out string? kept) && (PathOf(kept) ?? (label == RestartLabels.LogPath ? kept : null)) is { } path)
            {
                return Source(container, path, CtrLogFormat.Plain);
            }
        }

        string why = (task?.StandardOutput, container.Labels.GetValueOrDefault(UriLabel)) switch
        {
            ({ } output, _) when output.StartsWith("binary:", StringComparison.Ordinal) => $"its output goes to a program, '{output.Split('?')[0]}'.",
            (_, { } output) when output.StartsWith("binary:", StringComparison.Ordinal) => $"its output goes to a program, '{output.Split('?')[0]}'.",
            ({ Length: > 0 }, _) => "its output goes through pipes to whoever started it.",
            ({ }, _) => "its output goes nowhere.",
            _ => "it has no task, and nothing says where the output of an earlier one went.",
        };
        throw NotFound(container, why, "Let its output go to a file: Start-CtrTask -LogPath.");
    }

    public async Task WaitEndAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                _ = await tasks.WaitAsync(@namespace, id, "", cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.TaskNotFound)
            {
                return;
            }
            catch (CtrException e) when (e.IsConnectionFault && e.ErrorId != CtrErrorIds.SessionClosed)
            {
                // The task goes on without the daemon, and so does its log.
                await Task.Delay(Retry, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// The log's path in CRI's record of a container: the same shape from 1.6 to 2.x (pkg/cri/store/container/metadata.go). Null where it cannot be
    /// read.
    /// </summary>
    internal static string? CriPath(ReadOnlySpan<byte> metadata)
    {
        var reader = new Utf8JsonReader(metadata);
        try
        {
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.TryGetProperty("Metadata", out JsonElement inner) && inner.TryGetProperty("LogPath", out JsonElement path)
                ? path.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // not what CRI writes
        }
    }

    /// <summary>The path in a log URI. Null where it names no file.</summary>
    internal static string? PathOf(string? uri) =>
        uri is not null
            && uri.StartsWith("file:", StringComparison.Ordinal)
            && Uri.TryCreate(uri, UriKind.Absolute, out Uri? file)
            && file.LocalPath.Length > 1
            ? file.LocalPath
            : null;

    private static CtrLogSource Source(CtrContainer container, string path, CtrLogFormat format) => new()
    {
        Path = path,
        Format = format,
        IsRotated = format != CtrLogFormat.Plain,
        Common = new CtrLogLine
        {
            Text = "",
            Path = path,
            ContainerId = container.Id,
            Namespace = container.Namespace,
            PodName = container.PodName,
            PodNamespace = container.PodNamespace,
            ContainerName = container.ContainerName,
        },
    };

    private static CtrException NotFound(CtrContainer container, string why, string advice) =>
        new(CtrErrorIds.LogNotFound, CtrStatus.NotFound, $"The container '{container.Id}' in namespace '{container.Namespace}' has no log: {why}")
        {
            Target = container.Id,
            RecommendedAction = advice,
        };
}
