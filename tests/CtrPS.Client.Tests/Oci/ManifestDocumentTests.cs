using System.Text;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Oci;

public sealed class ManifestDocumentTests
{
    private static readonly Descriptor Manifest = new() { MediaType = MediaTypes.OciManifest, Digest = "sha256:m", Size = 10 };
    private static readonly Descriptor Index = new() { MediaType = MediaTypes.DockerManifestList, Digest = "sha256:i", Size = 10 };

    [Fact]
    public void A_manifest_has_config_and_layers_in_order()
    {
        var document = Parse(
            """
            {"schemaVersion":2,"config":{"mediaType":"c","digest":"sha256:c","size":3},
             "layers":[{"mediaType":"l","digest":"sha256:1","size":5},{"mediaType":"l","digest":"sha256:2","size":7}]}
            """,
            Manifest);
        Assert.False(document.IsIndex);
        Assert.Equal(["sha256:c", "sha256:1", "sha256:2"], document.Children.Select(child => child.Digest));
        Assert.Equal(15, document.Children.Sum(child => child.Size));
    }

    [Fact]
    public void An_index_has_platforms_and_attestations()
    {
        var document = Parse("""
            {"manifests":[
              {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:a","size":1,
               "platform":{"os":"linux","architecture":"arm","variant":"v7"}},
              {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:b","size":1,
               "platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}},
              {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:w","size":1,
               "platform":{"os":"windows","architecture":"amd64","os.version":"10.0.1.2"}},
              {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:n","size":1}]}
            """, Index);
        Assert.True(document.IsIndex);
        Assert.Equal(["linux/arm/v7", "unknown/unknown", "windows/amd64", null], document.Children.Select(child => child.Platform?.ToString()));
        Assert.Equal([false, true, false, false], document.Children.Select(child => child.IsAttestation));
        Assert.Equal("10.0.1.2", document.Children[2].Platform?.OsVersion);
    }

    [Theory]
    [InlineData("""{"manifests":[],"subject":{"digest":"sha256:s"}}""", "sha256:s", MediaTypes.OciIndex)]
    [InlineData("""{"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","subject":{}}""", null, MediaTypes.DockerManifestList)]
    [InlineData("""{"layers":[],"subject":{"digest":"sha256:s"}}""", "sha256:s", MediaTypes.OciManifest)]
    [InlineData("""{"layers":[],"subject":{"digest":7}}""", null, MediaTypes.OciManifest)]
    [InlineData("""{"layers":[],"subject":"sha256:s"}""", null, MediaTypes.OciManifest)]
    public void A_document_says_what_it_is_and_what_it_refers_to(string json, string? subject, string mediaType)
    {
        Assert.Equal(mediaType, ManifestDocument.MediaTypeOf(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(subject, Parse(json, Manifest with { MediaType = mediaType }).Subject);
    }

    [Theory]
    [InlineData("""{"architecture":"amd64"}""")]
    [InlineData("""{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","layers":[]}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public void What_is_no_manifest_has_no_type(string json) => Assert.Null(ManifestDocument.MediaTypeOf(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("""{"config":{"digest":"sha256:c"},"manifests":[]}""", false)]
    [InlineData("""{"layers":[],"manifests":[]}""", true)]
    [InlineData("""{"mediaType":"application/vnd.oci.image.index.v1+json"}""", false)]
    [InlineData("""{"mediaType":"application/vnd.docker.distribution.manifest.v2+json"}""", true)]
    [InlineData("""{"schemaVersion":1,"fsLayers":[]}""", false)]
    [InlineData("""{"layers":[{"size":1}]}""", false)]
    [InlineData("""{"layers":[{"digest":"sha256:1","size":"x"}]}""", false)]
    [InlineData("{", false)]
    [InlineData("", false)]
    [InlineData("[]", true)]
    public void What_is_not_what_its_type_says_is_refused_by_digest(string json, bool asIndex)
    {
        Descriptor of = asIndex ? Index : Manifest;
        CtrException error = Assert.Throws<CtrException>(() => Parse(json, of));
        Assert.Equal(CtrErrorIds.BlobCorrupt, error.ErrorId);
        Assert.Contains(of.Digest, error.Message, StringComparison.Ordinal);
    }

    private static ManifestDocument Parse(string json, Descriptor of) => ManifestDocument.Parse(Encoding.UTF8.GetBytes(json), of);
}
