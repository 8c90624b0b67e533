namespace CtrPS.Core.Tests;

/// <summary>Docker's rules for references (distribution/reference), value by value.</summary>
public sealed class CtrImageReferenceTests
{
    private const string Hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27")]
    [InlineData("library/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("team/app:2", "docker.io/team/app:2", "team/app:2")]
    [InlineData("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("index.docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("localhost/app", "localhost/app:latest", "localhost/app:latest")]
    [InlineData("localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1")]
    [InlineData("Registry/app", "Registry/app:latest", "Registry/app:latest")]
    [InlineData("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9")]
    [InlineData("[::1]:5000/a/b", "[::1]:5000/a/b:latest", "[::1]:5000/a/b:latest")]
    [InlineData("a/b/c", "docker.io/a/b/c:latest", "a/b/c:latest")]
    [InlineData("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest")]
    [InlineData("my_app__x/y-z--w.v", "docker.io/my_app__x/y-z--w.v:latest", "my_app__x/y-z--w.v:latest")]
    public void Parses(string given, string full, string familiar)
    {
        CtrImageReference reference = CtrImageReference.Parse(given);
        Assert.Equal(full, reference.ToString());
        Assert.Equal(familiar, reference.FamiliarName);
        Assert.Equal(reference, CtrImageReference.Parse(full));
    }

    [Fact]
    public void Digest_needs_no_tag()
    {
        CtrImageReference reference = CtrImageReference.Parse($"nginx@sha256:{Hex64}");
        Assert.Null(reference.Tag);
        Assert.Equal($"sha256:{Hex64}", reference.Digest);
        Assert.Equal($"docker.io/library/nginx@sha256:{Hex64}", reference.ToString());
    }

    [Fact]
    public void Tag_and_digest_are_both_kept()
    {
        CtrImageReference reference = CtrImageReference.Parse($"r.example:5000/a:1@sha256:{Hex64}");
        Assert.Equal(("r.example:5000", "a", "1"), (reference.Registry, reference.Repository, reference.Tag));
        Assert.Equal($"r.example:5000/a:1@sha256:{Hex64}", reference.ToString());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("Nginx", "lower case")]
    [InlineData("a/B", "lower case")]
    [InlineData(Hex64, "id")]
    [InlineData("nginx:", "not a tag")]
    [InlineData("nginx:-x", "not a tag")]
    [InlineData("a b", "white space")]
    [InlineData("a//b", "not a repository")]
    [InlineData("-a", "not a repository")]
    [InlineData("a___b", "not a repository")]
    [InlineData("localhost:5000/", "no repository")]
    [InlineData("nginx@sha256:abc", "not a digest")]
    [InlineData("nginx@md5:0123456789abcdef0123456789abcdef", "not known")]
    [InlineData("nginx@sha256:0123456789abcdef0123456789abcdef", "64 lower-case hex digits")]
    [InlineData("exa_mple.com/app", "host name")]
    public void Refuses_with_the_reason(string given, string reason)
    {
        CtrException error = Assert.Throws<CtrException>(() => CtrImageReference.Parse(given));
        Assert.Equal(CtrErrorIds.InvalidReference, error.ErrorId);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.False(CtrImageReference.TryParse(given, out _));
    }

    [Fact]
    public void Limits_hold_to_the_character()
    {
        Assert.True(CtrImageReference.TryParse("r.io/" + new string('a', 250), out _));
        Assert.False(CtrImageReference.TryParse("r.io/" + new string('a', 251), out _));
        Assert.True(CtrImageReference.TryParse("a:" + new string('t', 128), out _));
        Assert.False(CtrImageReference.TryParse("a:" + new string('t', 129), out _));
    }

    [Theory]
    [InlineData("nginx:1", "new:5000", "new:5000/library/nginx:1")]
    [InlineData("quay.io/team/app:2", "new:5000/mirror", "new:5000/mirror/team/app:2")]
    [InlineData("quay.io/team/app", "localhost/", "localhost/team/app:latest")]
    public void Registry_can_be_replaced(string given, string registry, string expected) =>
        Assert.Equal(expected, CtrImageReference.Parse(given).WithRegistry(registry).ToString());

    [Fact]
    public void Registry_that_is_none_is_refused() =>
        Assert.Equal(CtrErrorIds.InvalidReference, Assert.Throws<CtrException>(() => CtrImageReference.Parse("a").WithRegistry("not ok")).ErrorId);
}
