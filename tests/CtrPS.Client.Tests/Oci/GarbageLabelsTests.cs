using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Oci;

public sealed class GarbageLabelsTests
{
    [Fact]
    public void Referrers_are_kept_under_the_first_digits_of_their_digests_also_where_two_have_the_same()
    {
        string one = "sha256:" + new string('a', 64), same = "sha256:" + new string('a', 63) + "b", other = "sha512:" + new string('c', 128);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["containerd.io/gc.ref.content.referrer.sha256.aaaaaaaaaaaa"] = one,
                ["containerd.io/gc.ref.content.referrer.sha256." + same["sha256:".Length..]] = same,
                ["containerd.io/gc.ref.content.referrer.sha256.cccccccccccc"] = other,
            },
            GarbageLabels.ForReferrers([one, same, other]));
        Assert.Empty(GarbageLabels.ForReferrers([]));
    }
}
