using Containerd.Events;
using Containerd.Services.Images.V1;
using Containerd.Types;
using CtrPS.Client.Events;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Tests.Events;

public sealed class EventRecordsTests
{
    private static readonly Timestamp Time = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddSeconds(5));

    [Fact]
    public void Every_message_of_containerd_becomes_a_payload_of_its_own()
    {
        IMessage[] messages =
        [
            new NamespaceCreate { Name = "n" }, new NamespaceUpdate { Name = "n" }, new NamespaceDelete { Name = "n" },
            new ContainerCreate { Id = "n" }, new ContainerUpdate { Id = "n" }, new ContainerDelete { Id = "n" },
            new ContentCreate { Digest = "n", Size = 7 }, new ContentDelete { Digest = "n" },
            new ImageCreate { Name = "n" }, new ImageUpdate { Name = "n" }, new ImageDelete { Name = "n" },
            new SnapshotPrepare { Key = "n" }, new SnapshotCommit { Key = "k", Name = "n" }, new SnapshotRemove { Key = "n" },
            new TaskCreate { ContainerId = "n" },
            new TaskStart { ContainerId = "n" },
            new TaskExit { ContainerId = "n" },
            new TaskDelete { ContainerId = "n" },
            new TaskOOM { ContainerId = "n" },
            new TaskExecAdded { ContainerId = "n" },
            new TaskExecStarted { ContainerId = "n" },
            new TaskPaused { ContainerId = "n" },
            new TaskResumed { ContainerId = "n" }, new TaskCheckpointed { ContainerId = "n" },
            new SandboxCreate { SandboxId = "n" }, new SandboxStart { SandboxId = "n" }, new SandboxExit { SandboxId = "n" },
        ];
        foreach (IMessage message in messages)
        {
            CtrEvent told = Read(message.Descriptor.FullName, message.ToByteString());
            Assert.False(told.Payload is null or CtrUnknownPayload, message.Descriptor.FullName);
            Assert.Equal("n", told.Subject);
        }
    }

    [Theory]
    [InlineData("web", null)]
    [InlineData("", null)]
    [InlineData("extra", "extra")]
    public void The_end_of_an_added_process_is_told_from_the_end_of_the_container(string id, string? exec)
    {
        CtrEvent told = Read(
            "containerd.events.TaskExit", new TaskExit { ContainerId = "web", Id = id, Pid = 4, ExitStatus = 137, ExitedAt = Time }.ToByteString());
        Assert.Equal(
            ("web", exec, exec is not null, 137, 4L), (told.ContainerId, told.ExecId, told.IsExec, told.ExitCode!.Value, told.ProcessId!.Value));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(5), told.ExitedAt);
    }

    [Fact]
    public void What_is_not_known_keeps_its_type_and_its_value()
    {
        CtrUnknownPayload json = Assert.IsType<CtrUnknownPayload>(Read("example.com/Thing", ByteString.CopyFromUtf8("""{"a":1}""")).Payload);
        Assert.Equal(("example.com/Thing", """{"a":1}"""), (json.TypeUrl, json.Text));
        CtrUnknownPayload bytes = Assert.IsType<CtrUnknownPayload>(Read("example.com/Thing", ByteString.CopyFrom(1, 2, 3)).Payload);
        Assert.Equal([1, 2, 3], bytes.Bytes);
        Assert.Null(bytes.Text);
        Assert.Null(Assert.IsType<CtrUnknownPayload>(Read("example.com/Thing", ByteString.CopyFromUtf8("{not json")).Payload).Text);
        CtrUnknownPayload broken = Assert.IsType<CtrUnknownPayload>(Read("containerd.events.TaskExit", ByteString.CopyFrom(0x0a, 0x7f)).Payload);
        Assert.Equal("containerd.events.TaskExit", broken.TypeUrl);
    }

    [Fact]
    public void An_event_without_a_payload_is_an_event()
    {
        CtrEvent told = EventRecords.ToEvent(new Envelope { Timestamp = Time, Namespace = "ns", Topic = "/a" });
        Assert.Equal(("ns", "/a"), (told.Namespace, told.Topic));
        Assert.Null(told.Payload);
    }

    private static CtrEvent Read(string type, ByteString value) =>
        EventRecords.ToEvent(new Envelope { Timestamp = Time, Namespace = "ns", Topic = "/a", Event = new Any { TypeUrl = type, Value = value } });
}
