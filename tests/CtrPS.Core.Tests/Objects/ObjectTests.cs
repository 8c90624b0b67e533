namespace CtrPS.Tests;

/// <summary>Lists, maps and copies of the objects that cmdlets give.</summary>
public sealed class ObjectTests
{
    [Fact]
    public void A_list_is_a_copy_that_nobody_changes_and_reads_as_its_elements()
    {
        string[] given = ["a", "b"];
        var image = new CtrImage { Names = given };
        given[0] = "evil";
        Assert.Equal(["a", "b"], image.Names);
        Assert.Equal("a, b", image.Names.ToString());
        _ = Assert.Throws<NotSupportedException>(() => ((IList<string>)image.Names)[0] = "evil");
        Assert.Equal("", new CtrImage().Names.ToString());
    }

    [Fact]
    public void A_map_is_a_copy_that_nobody_changes_and_reads_as_its_pairs()
    {
        var given = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" };
        var image = new CtrImage { Labels = given };
        given["a"] = "evil";
        Assert.Equal("1", image.Labels["a"]);
        Assert.Equal("a=1, b=2", image.Labels.ToString());
        _ = Assert.Throws<NotSupportedException>(() => ((IDictionary<string, string>)image.Labels)["a"] = "evil");
    }

    [Fact]
    public void A_copy_differs_and_the_object_stays()
    {
        var image = new CtrImage { Name = "a", Digest = "sha256:1" };
        CtrImage copy = image.With(other => other.Name = "b");
        Assert.Equal(("a", "b", "sha256:1"), (image.Name, copy.Name, copy.Digest));
    }

    [Fact]
    public void Platforms_signals_and_references_are_equal_by_what_they_say()
    {
        Assert.True(CtrPlatform.Parse("linux/aarch64") == new CtrPlatform("linux", "arm64"));
        Assert.True(CtrPlatform.Parse("linux/arm64") != CtrPlatform.Parse("linux/amd64"));
        Assert.Single(new[] { CtrPlatform.Parse("arm64"), CtrPlatform.Parse("linux/arm64/v8") }.Distinct());
        Assert.NotEqual<CtrPlatform>(new CtrPlatform("linux", "arm64"), new CtrImagePlatform("linux", "arm64", "", "") { Digest = "sha256:1" });
        Assert.True(new CtrPlatformChoice("all") == CtrPlatformChoice.All);
        Assert.True(new CtrSignal("TERM") == CtrSignal.Term);
        Assert.True(CtrImageReference.Parse("nginx") == CtrImageReference.Parse("docker.io/library/nginx:latest"));
    }

    [Fact]
    public void Counters_are_written_without_what_is_zero()
    {
        var metric = new CtrMetric
        {
            Raw = new Dictionary<string, object?>
            {
                ["cpu"] = new Dictionary<string, object?>
                {
                    ["usage"] = new Dictionary<string, object?> { ["total"] = 5L, ["user"] = 0L, ["per_cpu"] = new object?[] { 0L, ulong.MaxValue } },
                    ["throttling"] = new Dictionary<string, object?> { ["periods"] = 0UL },
                },
                ["hugetlb"] = Array.Empty<object?>(),
            },
        };
        Assert.Equal("""{"cpu":{"usage":{"total":5,"per_cpu":[0,18446744073709551615]},"throttling":{}}}""", metric.ToJson());
    }
}
