using CtrPS.Client.Images;

namespace CtrPS.Client.Tests.Images;

/// <summary>Which records are names of images, and which their aliases.</summary>
public sealed class ImageRowsTests
{
    private const string Id = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    private const string OtherId = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
    private const string ByDigest = "docker.io/library/a@sha256:3333333333333333333333333333333333333333333333333333333333333333";

    [Fact]
    public void What_a_person_named_is_a_row_and_the_rest_its_aliases() => Hold(
        [("docker.io/library/a:1", "x"), (ByDigest, "x"), (Id, "x")],
        $"docker.io/library/a:1 [{ByDigest} {Id}]");

    [Fact]
    public void All_names_of_an_image_have_its_aliases_and_keep_their_order() => Hold(
        [("b:1", "x"), (ByDigest, "x"), ("c", "y"), ("a:1", "x")],
        $"b:1 [{ByDigest}]",
        "c []",
        $"a:1 [{ByDigest}]");

    [Fact]
    public void Without_a_name_the_digest_is_the_row_and_without_that_the_id() => Hold(
        [(ByDigest, "x"), (Id, "x"), (OtherId, "y")],
        $"{ByDigest} [{Id}]",
        $"{OtherId} []");

    [Fact]
    public void What_points_elsewhere_is_no_alias() => Hold([("a:1", "x"), (Id, "y")], "a:1 []", $"{Id} []");

    [Theory]
    [InlineData("docker.io/library/a:1@sha256:3333333333333333333333333333333333333333333333333333333333333333")]
    [InlineData("any thing @ all")]
    [InlineData("sha256:1111")]
    [InlineData("sha256")]
    public void A_name_is_what_has_a_tag_or_no_form_at_all(string name)
    {
        Assert.True(ImageRows.IsName(name));
        Hold([(name, "x"), (Id, "x")], $"{name} [{Id}]");
    }

    [Theory]
    [InlineData("2b853f", "sha256:2b853f")]
    [InlineData("sha256:2B853F9b0e6e", "sha256:2b853f9b0e6e")]
    [InlineData(Id, Id)]
    [InlineData("2b853", null)]
    [InlineData("sha256:", null)]
    [InlineData("sha512:2b853f", null)]
    [InlineData("2b853g", null)]
    [InlineData("2b853f\n", null)]
    [InlineData(Id + "1", null)]
    public void Six_digits_or_more_are_an_id(string given, string? id) => Assert.Equal(id, ImageIds.Read(given));

    private static void Hold((string Name, string Digest)[] records, params string[] rows) => Assert.Equal(
        rows,
        ImageRows.Of(records, record => record.Name, record => record.Digest)
            .Select(row => $"{row.Record.Name} [{string.Join(' ', row.Aliases.Select(alias => alias.Name))}]"));
}
