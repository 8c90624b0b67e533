using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Tests;

/// <summary>The text in the views. What needs a running PowerShell is tested by Pester.</summary>
public sealed class CtrFormatTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData(0L, "0.0 B")]
    [InlineData(893L, "893.0 B")]
    [InlineData(1023L, "1023.0 B")]
    [InlineData(1024L, "1.0 KiB")]
    [InlineData(104857600L, "100.0 MiB")]
    [InlineData(196398285L, "187.3 MiB")]
    [InlineData(1610612736L, "1.5 GiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void Sizes_are_written_as_ctr_does(long? bytes, string expected) => Assert.Equal(expected, CtrFormat.Size(bytes));

    [Theory]
    [InlineData(0, "0 seconds")]
    [InlineData(1, "1 second")]
    [InlineData(61, "1 minute")]
    [InlineData(3 * 3600, "3 hours")]
    [InlineData(47 * 3600, "47 hours")]
    [InlineData(49 * 3600, "2 days")]
    [InlineData(15 * 86400, "2 weeks")]
    [InlineData(100 * 86400, "3 months")]
    [InlineData(800 * 86400, "2 years")]
    [InlineData(-5, "0 seconds")]
    public void Ages_have_one_unit(int seconds, string expected) =>
        Assert.Equal(expected, CtrFormat.Age(DateTimeOffset.Now.AddSeconds(-seconds - 0.2)));

    [Theory]
    [InlineData(7200, "in 2 hours")]
    [InlineData(3600, "in 1 hour")]
    [InlineData(90, "in 1 minute")]
    [InlineData(86400 * 30, "in 4 weeks")]
    [InlineData(-1, "over")]
    public void What_is_left_is_told_to_the_nearest_unit(int seconds, string expected) =>
        Assert.Equal(expected, CtrFormat.Left(DateTimeOffset.Now.AddSeconds(seconds - 0.2)));

    [Fact]
    public void Nothing_is_shown_where_nothing_is_known()
    {
        Assert.Equal("", CtrFormat.Age(null));
        Assert.Equal("", CtrFormat.ShortDigest(null));
        Assert.Equal("", CtrFormat.Platforms(null));
        Assert.Equal("", CtrFormat.Labels(null));
    }

    [Theory]
    [InlineData("11/28/2026 10:36:14 +00:00", "HH:mm:ss")]
    [InlineData("2026-11-28T10:36:14.3092532+00:00", "HH:mm:ss.fff")]
    public void A_moment_may_come_back_as_text(string text, string format) => Assert.Equal(
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).LocalDateTime.ToString(format, CultureInfo.InvariantCulture), CtrFormat.Clock(text));

    [Fact]
    public void Lists_may_come_back_as_text_or_as_lists_of_it()
    {
        Assert.Equal("linux/amd64, linux/arm64", CtrFormat.Platforms(new ArrayList { "linux/amd64", "linux/arm64" }));
        Assert.Equal("linux/amd64, linux/arm64", CtrFormat.Platforms("linux/amd64, linux/arm64"));
        Assert.Equal("a=1, b=2", CtrFormat.Labels(new Hashtable { ["b"] = "2", ["a"] = "1" }));
        Assert.Equal("a=1, b=2", CtrFormat.Labels("a=1, b=2"));
    }

    [Fact]
    public void What_would_steer_the_terminal_is_escaped()
    {
        const string Evil = "a\u001b]0;owned\a\nb\u009b31m\u202ec";
        const string Shown = "a\\u001b]0;owned\\u0007\\u000ab\\u009b31m\\u202ec";
        Assert.Equal(Shown, CtrFormat.Text(Evil));
        Assert.Equal(Shown, CtrFormat.FamiliarName(Evil));
        Assert.Equal(Shown, CtrFormat.ShortId(Evil));
        Assert.Equal(Shown, CtrFormat.List(new[] { Evil }));
        Assert.Equal($"{Shown}={Shown}", CtrFormat.Labels(new Dictionary<string, string> { [Evil] = Evil }));
        Assert.Equal(Shown.Replace("\\u000a", "\n", StringComparison.Ordinal), CtrFormat.Lines(Evil));
        Assert.Equal("a\\u001b]0;owned\\u0007", CtrFormat.FirstLine(Evil));
    }

    [Fact]
    public void Digests_are_short() =>
        Assert.Equal("308a4593c279", CtrFormat.ShortDigest("sha256:308a4593c27905fb042a15aeefe956fe83d669e2b572b72313a7386699fb529b"));

    [Fact]
    public void Incomplete_platforms_stand_in_brackets()
    {
        CtrImagePlatform[] platforms =
        [
            new("linux", "amd64", "", "") { Digest = "sha256:1", IsComplete = true },
            new("linux", "arm64", "", "") { Digest = "sha256:2" },
        ];
        Assert.Equal("linux/amd64, (linux/arm64)", CtrFormat.Platforms(platforms));
    }

    [Theory]
    [InlineData(CtrDiskUsageKind.Unexplained, "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/77", "…overlayfs/snapshots/77")]
    [InlineData(CtrDiskUsageKind.Metadata, "/var/lib/containerd", "/var/lib/containerd")]
    [InlineData(CtrDiskUsageKind.Nobody, "", "")]
    [InlineData(CtrDiskUsageKind.Container, "a-container-with-a-very-long-name", "a-container-with-a-very-long-name")]
    public void Of_a_path_the_end_is_shown(CtrDiskUsageKind kind, string owner, string end)
    {
        string shown = CtrFormat.Owner(PSObject.AsPSObject(new CtrDiskUsage { Kind = kind, Owner = owner }));
        Assert.InRange(shown.Length, 0, Math.Max(26, end.Length));
        Assert.EndsWith(end.TrimStart('…'), shown, StringComparison.Ordinal);
        Assert.Equal(end.StartsWith('…'), shown.StartsWith('…'));
    }

    [Fact]
    public void Labels_are_sorted() => Assert.Equal("a=1, b=2", CtrFormat.Labels(new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" }));
}
