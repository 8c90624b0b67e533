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

    private static CtrEvent Fill(CtrEvent told, CtrEventPayload payload)
    {
        told.Payload = payload;
        switch (payload)
        {
            case CtrNamespacePayload it:
                told.Subject = it.Name;
                told.Labels = it.Labels;
                break;
            case CtrNamespaceDeletePayload it:
                told.Subject = it.Name;
                break;
            case CtrContainerCreatePayload it:
                told.Subject = it.Id;
                told.ContainerId = it.Id;
                told.Image = OrNull(it.Image);
                break;
            case CtrContainerUpdatePayload it:
                told.Subject = it.Id;
                told.ContainerId = it.Id;
                told.Image = OrNull(it.Image);
                told.Labels = it.Labels;
                told.SnapshotKey = OrNull(it.SnapshotKey);
                break;
            case CtrContainerDeletePayload it:
                told.Subject = it.Id;
                told.ContainerId = it.Id;
                break;
            case CtrContentCreatePayload it:
                told.Subject = it.Digest;
                told.Digest = it.Digest;
                told.Size = it.Size;
                break;
            case CtrContentDeletePayload it:
                told.Subject = it.Digest;
                told.Digest = it.Digest;
                break;
            case CtrImagePayload it:
                told.Subject = it.Name;
                told.Image = it.Name;
                told.Labels = it.Labels;
                break;
            case CtrImageDeletePayload it:
                told.Subject = it.Name;
                told.Image = it.Name;
                break;
            case CtrSnapshotPreparePayload it:
                told.Subject = it.Key;
                told.SnapshotKey = it.Key;
                told.Snapshotter = OrNull(it.Snapshotter);
                break;
            case CtrSnapshotCommitPayload it:
                told.Subject = it.Name;
                told.SnapshotKey = it.Name;
                told.Snapshotter = OrNull(it.Snapshotter);
                break;
            case CtrSnapshotRemovePayload it:
                told.Subject = it.Key;
                told.SnapshotKey = it.Key;
                told.Snapshotter = OrNull(it.Snapshotter);
                break;
            case CtrTaskCreatePayload it:
                told.Subject = it.ContainerId;
                told.ContainerId = it.ContainerId;
                told.ProcessId = it.ProcessId;
                break;
            case CtrTaskStartPayload it:
                told.Subject = it.ContainerId;
                told.ContainerId = it.ContainerId;
                told.ProcessId = it.ProcessId;
                break;
            case CtrTaskExitPayload it:
                told.Subject = it.ContainerId;
                told.ContainerId = it.ContainerId;
                told.ExecId = it.Id == it.ContainerId ? null : OrNull(it.Id);
                told.ProcessId = it.ProcessId;
                told.ExitCode = it.ExitCode;
                told.ExitedAt = it.ExitedAt;
                break;
            case CtrTaskOomPayload it:
                told.Subject = it.ContainerId;
                told.ContainerId = it.ContainerId;
                break;
            case CtrTaskExecPayload it:
                told.Subject = it.ContainerId;
                told.ContainerId = it.ContainerId;
                told.ExecId = it.ExecId;
                told.ProcessId = it.ProcessId > 0 ? it.ProcessId : null;
                break;
            case CtrTaskPausePayload it:
                told.Subject = it.ContainerId;
                told.ContainerId = it.ContainerId;
                break;
            case CtrTaskCheckpointPayload it:
                told.Subject = it.ContainerId;
                told.ContainerId = it.ContainerId;
                break;
            case CtrSandboxPayload it:
                told.Subject = it.SandboxId;
                told.SandboxId = it.SandboxId;
                break;
            case CtrSandboxExitPayload it:
                told.Subject = it.SandboxId;
                told.SandboxId = it.SandboxId;
                told.ExitCode = it.ExitCode;
                told.ExitedAt = it.ExitedAt;
                break;
        }

        return told;
    }

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
