using System.Buffers;
using System.Text;
using System.Text.Json;
using Containerd.Events;
using Containerd.Services.Images.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Events;

/// <summary>Turns the wire's events into the module's. containerd's type names have no <c>type.googleapis.com/</c> before them.</summary>
internal static class EventRecords
{
    public static CtrEvent ToEvent(Envelope envelope)
    {
        var told = new CtrEvent
        {
            Timestamp = WireTime.ToTime(envelope.Timestamp) ?? DateTimeOffset.Now,
            Namespace = envelope.Namespace,
            Topic = envelope.Topic,
        };
        return envelope.Event is { } any ? Fill(told, ToPayload(any)) : told;
    }

    private static CtrEventPayload ToPayload(Any any)
    {
        try
        {
            return any.TypeUrl switch
            {
                "containerd.events.NamespaceCreate" when NamespaceCreate.Parser.ParseFrom(any.Value) is var it =>
                    new CtrNamespacePayload(it.Name, SortedMap.From(it.Labels)),
                "containerd.events.NamespaceUpdate" when NamespaceUpdate.Parser.ParseFrom(any.Value) is var it =>
                    new CtrNamespacePayload(it.Name, SortedMap.From(it.Labels)),
                "containerd.events.NamespaceDelete" when NamespaceDelete.Parser.ParseFrom(any.Value) is var it =>
                    new CtrNamespaceDeletePayload(it.Name),
                "containerd.events.ContainerCreate" when ContainerCreate.Parser.ParseFrom(any.Value) is var it =>
                    new CtrContainerCreatePayload(it.Id, it.Image, it.Runtime?.Name ?? ""),
                "containerd.events.ContainerUpdate" when ContainerUpdate.Parser.ParseFrom(any.Value) is var it =>
                    new CtrContainerUpdatePayload(it.Id, it.Image, SortedMap.From(it.Labels), it.SnapshotKey),
                "containerd.events.ContainerDelete" when ContainerDelete.Parser.ParseFrom(any.Value) is var it =>
                    new CtrContainerDeletePayload(it.Id),
                "containerd.events.ContentCreate" when ContentCreate.Parser.ParseFrom(any.Value) is var it =>
                    new CtrContentCreatePayload(it.Digest, it.Size, it.MediaType),
                "containerd.events.ContentDelete" when ContentDelete.Parser.ParseFrom(any.Value) is var it => new CtrContentDeletePayload(it.Digest),
                "containerd.services.images.v1.ImageCreate" when ImageCreate.Parser.ParseFrom(any.Value) is var it =>
                    new CtrImagePayload(it.Name, SortedMap.From(it.Labels)),
                "containerd.services.images.v1.ImageUpdate" when ImageUpdate.Parser.ParseFrom(any.Value) is var it =>
                    new CtrImagePayload(it.Name, SortedMap.From(it.Labels)),
                "containerd.services.images.v1.ImageDelete" when ImageDelete.Parser.ParseFrom(any.Value) is var it =>
                    new CtrImageDeletePayload(it.Name),
                "containerd.events.SnapshotPrepare" when SnapshotPrepare.Parser.ParseFrom(any.Value) is var it =>
                    new CtrSnapshotPreparePayload(it.Key, it.Parent, it.Snapshotter),
                "containerd.events.SnapshotCommit" when SnapshotCommit.Parser.ParseFrom(any.Value) is var it =>
                    new CtrSnapshotCommitPayload(it.Key, it.Name, it.Snapshotter),
                "containerd.events.SnapshotRemove" when SnapshotRemove.Parser.ParseFrom(any.Value) is var it =>
                    new CtrSnapshotRemovePayload(it.Key, it.Snapshotter),
                "containerd.events.TaskCreate" when TaskCreate.Parser.ParseFrom(any.Value) is var it => new CtrTaskCreatePayload(
                    it.ContainerId,
                    it.Bundle,
                    it.Pid,
                    it.Checkpoint,
                    it.Io?.Stdin ?? "",
                    it.Io?.Stdout ?? "",
                    it.Io?.Stderr ?? "",
                    it.Io?.Terminal ?? false),
                "containerd.events.TaskStart" when TaskStart.Parser.ParseFrom(any.Value) is var it => new CtrTaskStartPayload(it.ContainerId, it.Pid),
                "containerd.events.TaskExit" when TaskExit.Parser.ParseFrom(any.Value) is var it =>
                    new CtrTaskExitPayload(it.ContainerId, it.Id, it.Pid, (int)it.ExitStatus, WireTime.ToTime(it.ExitedAt)),
                "containerd.events.TaskDelete" when TaskDelete.Parser.ParseFrom(any.Value) is var it =>
                    new CtrTaskExitPayload(it.ContainerId, it.Id, it.Pid, (int)it.ExitStatus, WireTime.ToTime(it.ExitedAt)),
                "containerd.events.TaskOOM" when TaskOOM.Parser.ParseFrom(any.Value) is var it => new CtrTaskOomPayload(it.ContainerId),
                "containerd.events.TaskExecAdded" when TaskExecAdded.Parser.ParseFrom(any.Value) is var it =>
                    new CtrTaskExecPayload(it.ContainerId, it.ExecId, 0),
                "containerd.events.TaskExecStarted" when TaskExecStarted.Parser.ParseFrom(any.Value) is var it =>
                    new CtrTaskExecPayload(it.ContainerId, it.ExecId, it.Pid),
                "containerd.events.TaskPaused" when TaskPaused.Parser.ParseFrom(any.Value) is var it => new CtrTaskPausePayload(it.ContainerId),
                "containerd.events.TaskResumed" when TaskResumed.Parser.ParseFrom(any.Value) is var it => new CtrTaskPausePayload(it.ContainerId),
                "containerd.events.TaskCheckpointed" when TaskCheckpointed.Parser.ParseFrom(any.Value) is var it =>
                    new CtrTaskCheckpointPayload(it.ContainerId, it.Checkpoint),
                "containerd.events.SandboxCreate" when SandboxCreate.Parser.ParseFrom(any.Value) is var it => new CtrSandboxPayload(it.SandboxId),
                "containerd.events.SandboxStart" when SandboxStart.Parser.ParseFrom(any.Value) is var it => new CtrSandboxPayload(it.SandboxId),
                "containerd.events.SandboxExit" when SandboxExit.Parser.ParseFrom(any.Value) is var it =>
                    new CtrSandboxExitPayload(it.SandboxId, (int)it.ExitStatus, WireTime.ToTime(it.ExitedAt)),
                _ => Unknown(any),
            };
        }
        catch (InvalidProtocolBufferException)
        {
            return Unknown(any); // not what the type says: the bytes are shown as they came
        }
    }

    private static CtrEvent Fill(CtrEvent told, CtrEventPayload payload) => payload switch
    {
        CtrNamespacePayload it => told with { Payload = it, Subject = it.Name, Labels = it.Labels },
        CtrNamespaceDeletePayload it => told with { Payload = it, Subject = it.Name },
        CtrContainerCreatePayload it => told with { Payload = it, Subject = it.Id, ContainerId = it.Id, Image = OrNull(it.Image) },
        CtrContainerUpdatePayload it => told with
        {
            Payload = it,
            Subject = it.Id,
            ContainerId = it.Id,
            Image = OrNull(it.Image),
            Labels = it.Labels,
            SnapshotKey = OrNull(it.SnapshotKey),
        },
        CtrContainerDeletePayload it => told with { Payload = it, Subject = it.Id, ContainerId = it.Id },
        CtrContentCreatePayload it => told with { Payload = it, Subject = it.Digest, Digest = it.Digest, Size = it.Size },
        CtrContentDeletePayload it => told with { Payload = it, Subject = it.Digest, Digest = it.Digest },
        CtrImagePayload it => told with { Payload = it, Subject = it.Name, Image = it.Name, Labels = it.Labels },
        CtrImageDeletePayload it => told with { Payload = it, Subject = it.Name, Image = it.Name },
        CtrSnapshotPreparePayload it => told with { Payload = it, Subject = it.Key, SnapshotKey = it.Key, Snapshotter = OrNull(it.Snapshotter) },
        CtrSnapshotCommitPayload it => told with { Payload = it, Subject = it.Name, SnapshotKey = it.Name, Snapshotter = OrNull(it.Snapshotter) },
        CtrSnapshotRemovePayload it => told with { Payload = it, Subject = it.Key, SnapshotKey = it.Key, Snapshotter = OrNull(it.Snapshotter) },
        CtrTaskCreatePayload it => told with { Payload = it, Subject = it.ContainerId, ContainerId = it.ContainerId, ProcessId = it.ProcessId },
        CtrTaskStartPayload it => told with { Payload = it, Subject = it.ContainerId, ContainerId = it.ContainerId, ProcessId = it.ProcessId },
        CtrTaskExitPayload it => told with
        {
            Payload = it,
            Subject = it.ContainerId,
            ContainerId = it.ContainerId,
            ExecId = it.Id == it.ContainerId ? null : OrNull(it.Id),
            ProcessId = it.ProcessId,
            ExitCode = it.ExitCode,
            ExitedAt = it.ExitedAt,
        },
        CtrTaskOomPayload it => told with { Payload = it, Subject = it.ContainerId, ContainerId = it.ContainerId },
        CtrTaskExecPayload it => told with
        {
            Payload = it,
            Subject = it.ContainerId,
            ContainerId = it.ContainerId,
            ExecId = it.ExecId,
            ProcessId = it.ProcessId > 0 ? it.ProcessId : null,
        },
        CtrTaskPausePayload it => told with { Payload = it, Subject = it.ContainerId, ContainerId = it.ContainerId },
        CtrTaskCheckpointPayload it => told with { Payload = it, Subject = it.ContainerId, ContainerId = it.ContainerId },
        CtrSandboxPayload it => told with { Payload = it, Subject = it.SandboxId, SandboxId = it.SandboxId },
        CtrSandboxExitPayload it => told with
        {
            Payload = it,
            Subject = it.SandboxId,
            SandboxId = it.SandboxId,
            ExitCode = it.ExitCode,
            ExitedAt = it.ExitedAt,
        },
        _ => told with { Payload = payload },
    };

    private static string? OrNull(string text) => text.Length > 0 ? text : null;

    private static CtrUnknownPayload Unknown(Any any) => new(any.TypeUrl, any.Value.ToByteArray(), JsonOf(any.Value.Span));

    /// <summary>Values of Go types that are no messages are JSON.</summary>
    private static string? JsonOf(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value[0] is not ((byte)'{' or (byte)'['))
        {
            return null;
        }

        var reader = new Utf8JsonReader(new ReadOnlySequence<byte>(value.ToArray()));
        try
        {
            return JsonDocument.TryParseValue(ref reader, out JsonDocument? document) && Release(document) ? Encoding.UTF8.GetString(value) : null;
        }
        catch (JsonException)
        {
            return null; // it only begins like JSON
        }
    }

    private static bool Release(JsonDocument document)
    {
        document.Dispose();
        return true;
    }
}
