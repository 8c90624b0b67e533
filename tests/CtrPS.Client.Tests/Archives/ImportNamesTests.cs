using CtrPS.Client.Archives;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Which names images get from their archive.</summary>
public sealed class ImportNamesTests
{
    private static readonly CtrImportRequest Request = new() { Path = "a.tar", Namespace = "default" };

    private static string Digest(int number) => $"sha256:{number:d64}";

    [Fact]
    public void A_name_that_comes_twice_is_the_later_ones_and_is_said()
    {
        var names = new ImportNames(Request);
        var named = names.Of([Oci(1, "a.test/x:1"), Oci(2, "a.test/x:1"), Oci(2, "a.test/y:1"), Oci(3, "a.test/y:1"), Oci(3, "a.test/y:1")]);
        Assert.Equal([Digest(1), Digest(2), Digest(3)], named.Select(one => one.Entries[0].Target.Digest));
        Assert.Equal([[], ["a.test/x:1"], ["a.test/y:1"]], named.Select(one => one.Names));
        Assert.Empty(names.Faults);
        Assert.Equal(2, names.Warnings.Count);
        Assert.Contains($"'a.test/y:1' to several images: it is that of {Digest(3)}", names.Warnings[0], StringComparison.Ordinal);
        Assert.Contains($"The image {Digest(2)} does not get it.", names.Warnings[0], StringComparison.Ordinal);
        Assert.Contains($"The image {Digest(1)} has no other, and is not imported.", names.Warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_digest_for_each_nothing_is_left_out()
    {
        var names = new ImportNames(Request with { DigestReference = true });
        var named = names.Of([Oci(1, "a.test/x:1"), Oci(2, "a.test/x:1")]);
        Assert.Equal([$"a.test/x@{Digest(1)}"], named[0].Names);
        Assert.Equal(["a.test/x:1", $"a.test/x@{Digest(2)}"], named[1].Names);
    }

    [Theory]
    [InlineData("case.test/\u001b[31mred:1", @"'case.test/\u001b[31mred:1'")]
    [InlineData("case.test/two\nlines:1", @"'case.test/two\u000alines:1'")]
    [InlineData("case.test/\u202eright:1", @"'case.test/\u202eright:1'")]
    [InlineData("case.test/a b:1", "'case.test/a b:1'")]
    public void What_steers_a_terminal_is_no_name(string name, string shown)
    {
        var names = new ImportNames(Request);
        _ = names.Of([Oci(1, name)]);
        CtrException fault = Assert.Single(names.Faults);
        Assert.Equal(CtrErrorIds.InvalidReference, fault.ErrorId);
        Assert.Contains(shown, fault.Message, StringComparison.Ordinal);
        Assert.Contains("-Name", fault.RecommendedAction, StringComparison.Ordinal);

        // As a tag too; and -Name brings it.
        names = new ImportNames(Request);
        _ = names.Of([new ArchiveImage { Target = Target(1), ReferenceName = "1\u001b[31m" }]);
        _ = Assert.Single(names.Faults);
        names = new ImportNames(Request with { Name = "good:1" });
        Assert.Equal(["docker.io/library/good:1"], names.Of([Oci(1, name)])[0].Names);
        Assert.Empty(names.Faults);
    }

    [Fact]
    public void A_name_that_is_no_reference_is_refused_and_the_id_of_a_config_kept()
    {
        var names = new ImportNames(Request);
        Assert.Equal([Digest(9)], names.Of([Oci(1, Digest(9))])[0].Names);
        Assert.Empty(names.Faults);

        var docker = new ArchiveImage { Target = Target(1), ReferenceName = "UPPER", Docker = new DockerImage(Target(2), [], []) };
        foreach ((ArchiveImage image, string shown) in new[] { (Oci(1, "UPPER/Case:1"), "UPPER/Case:1"), (docker, "UPPER") })
        {
            names = new ImportNames(Request);
            _ = names.Of([image]);
            Assert.Contains($"'{shown}': it is no reference of an image.", Assert.Single(names.Faults).Message, StringComparison.Ordinal);
            Assert.Equal(["docker.io/library/good:1"], new ImportNames(Request with { Name = "good:1" }).Of([image])[0].Names);
        }
    }

    private static ArchiveImage Oci(int number, string name) => new() { Target = Target(number), ImageName = name };

    private static Descriptor Target(int number) => new() { MediaType = MediaTypes.OciManifest, Digest = Digest(number), Size = 1 };
}
