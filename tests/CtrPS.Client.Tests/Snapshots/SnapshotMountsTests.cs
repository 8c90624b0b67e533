using Containerd.Types;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Posix;
using CtrPS.Client.Snapshots;

namespace CtrPS.Client.Tests.Snapshots;

/// <summary>What is mounted, told from what the kernel lists: nothing of anybody else's is taken for ours.</summary>
public sealed class SnapshotMountsTests
{
    private const string Root = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots";

    private static readonly Mount Writable = Overlay($"upperdir={Root}/9/fs", $"lowerdir={Root}/2/fs:{Root}/1/fs");
    private static readonly Mount View = Overlay($"lowerdir={Root}/2/fs:{Root}/1/fs");
    private static readonly Mount Bind = new() { Type = "bind", Source = $"{Root}/1/fs", Options = { "ro", "rbind" } };

    [Fact]
    public void A_line_of_the_kernel_is_read_with_its_escapes()
    {
        MountEntry entry = Assert.Single(
            MountTable.Parse([@"36 35 98:0 /a\040b /mnt/x\040\134y rw,noatime shared:1 master:2 - ext3 /dev/root ro,errors=continue", "", "x - y"])
                .At(@"/mnt/x \y"));
        Assert.Equal("/a b", entry.Root);
        Assert.Equal("ext3", entry.Type);
        Assert.Equal(["rw", "noatime"], entry.Flags);
        Assert.True(entry.IsReadOnly);
        Assert.Equal("continue", entry.Option("errors"));
    }

    [Theory]
    [InlineData("rw,lowerdir={0}/2/fs:{0}/1/fs,upperdir={0}/9/fs,workdir={0}/9/work", true)]
    [InlineData("rw,lowerdir=2/fs:1/fs,upperdir={0}/9/fs", true)] // as it was mounted where the options were too long
    [InlineData("rw,lowerdir+={0}/2/fs,lowerdir+={0}/1/fs,upperdir={0}/9/fs", true)] // as later kernels list it
    [InlineData("rw,lowerdir={0}/2/fs:{0}/1/fs,upperdir={0}/8/fs", false)]
    [InlineData("rw,lowerdir={0}/1/fs,upperdir={0}/9/fs", false)]
    [InlineData("ro,lowerdir={0}/2/fs:{0}/1/fs", false)]
    public void A_writable_overlay_is_known_by_its_folders(string options, bool isOurs) =>
        Assert.Equal(isOurs, SnapshotMounts.IsOf([Writable], Entry("/", "overlay", options)));

    [Theory]
    [InlineData("ro,lowerdir={0}/2/fs:{0}/1/fs", true)]
    [InlineData("rw,lowerdir={0}/2/fs:{0}/1/fs,upperdir={0}/9/fs", false)]
    public void A_view_has_nothing_on_top(string options, bool isOurs) =>
        Assert.Equal(isOurs, SnapshotMounts.IsOf([View], Entry("/", "overlay", options)));

    [Theory]
    [InlineData("/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs", true)] // /var is a file system of its own
    [InlineData("/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/11/fs", false)]
    [InlineData("/", false)]
    public void A_bind_is_known_by_its_source(string root, bool isOurs) =>
        Assert.Equal(isOurs, SnapshotMounts.IsOf([Bind], Entry(root, "ext4", "rw")));

    [Theory]
    [InlineData("erofs", "")]
    [InlineData("format/overlay", "")]
    [InlineData("bind", "/below")]
    public void What_is_not_known_is_not_mounted(string type, string target)
    {
        CtrException error = Assert.Throws<CtrException>(
            () => SnapshotMounts.Mount([new Mount { Type = type, Source = "/nonexistent", Target = target }], "/nonexistent"));
        Assert.Equal(CtrErrorIds.NotSupported, error.ErrorId);
    }

    [Fact]
    public void A_lease_is_stale_where_its_maker_and_its_mount_are_gone_and_not_where_that_cannot_be_told()
    {
        var table = MountTable.Parse(["36 35 98:0 / /mnt/there rw - ext3 /dev/root rw"]);
        var gone = new ProcessOwner(ProcessOwner.Current.Host, "4194303@1");
        var earlier = new ProcessOwner("00000000-0000-0000-0000-000000000000/pid:[1]", "1@1");
        Assert.True(new MountMark(gone, "").IsStale("/mnt/gone", table));
        Assert.False(new MountMark(gone, "").IsStale("/mnt/there", table));
        Assert.False(new MountMark(gone, "mnt:[1]").IsStale("/mnt/gone", table)); // seen by other processes
        Assert.False(new MountMark(ProcessOwner.Current, "").IsStale("/mnt/gone", table)); // about to be mounted
        Assert.True(new MountMark(earlier, "mnt:[1]").IsStale("/mnt/gone", table));
    }

    private static Mount Overlay(params string[] options) => new() { Type = "overlay", Source = "overlay", Options = { options } };

    private static MountEntry Entry(string root, string type, string options) =>
        Assert.Single(MountTable.Parse([$"36 35 98:0 {root} /mnt rw - {type} none {string.Format(null, options, Root)}"]).At("/mnt"));
}
