using System.Text.Json;
using CtrPS.Output;

namespace CtrPS.Tests.Output;

public sealed class ReportTests
{
    private const string Hostile = "<script>alert(1)</script>\" onmouseover=\"x ]]> \u001b[31m \u202e";

    [Fact]
    public void Text_from_outside_is_text_on_the_page()
    {
        string page = ReportHtml.Write(Report(Hostile));
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\" onmouseover=\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', page);
        Assert.DoesNotContain('\u202e', page);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("\\u001b[31m \\u202e", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_thousands_the_page_tells_the_largest_and_how_many_more_there_are()
    {
        string many = new('a', 10_000);
        string page = ReportHtml.Write(Report([.. Enumerable.Range(0, 2000).Select(i => $"{i}-{many}")]));
        Assert.InRange(page.Length, 1, 300_000);
        Assert.Contains("And 1950 more: <code>Get-CtrDiskUsage -Detailed -Kind Image</code>", page, StringComparison.Ordinal);
        Assert.Contains("1940 more", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_did_not_answer_is_told()
    {
        var report = new CtrReport(DateTimeOffset.UnixEpoch, [new CtrReportNode { Address = "/a", Error = "gone <b>" }]);
        Assert.Contains("Nothing is known of this node. gone &lt;b&gt;", ReportHtml.Write(report), StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(ReportData.Json(report));
        Assert.Equal("gone <b>", json.RootElement.GetProperty("nodes")[0].GetProperty("error").GetString());
    }

    [Fact]
    public void Json_has_the_text_as_it_is_and_sizes_as_numbers()
    {
        using JsonDocument json = JsonDocument.Parse(ReportData.Json(Report(Hostile)));
        JsonElement owner = json.RootElement.GetProperty("nodes")[0].GetProperty("owners")[0];
        Assert.Equal(Hostile, owner.GetProperty("owner").GetString());
        Assert.Equal(100, owner.GetProperty("size").GetInt64());
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("@a", "'@a")]
    [InlineData("-a", "'-a")]
    [InlineData("+a", "'+a")]
    [InlineData("a,\"b\"", "\"a,\"\"b\"\"\"")]
    [InlineData("\t=a", "\\u0009=a")]
    [InlineData("a\r\nb", "a\\u000d\\u000ab")]
    public void A_cell_is_one_cell_and_no_formula(string name, string cell)
    {
        string[] lines = ReportData.Csv(Report(name)).Split("\r\n");
        Assert.StartsWith($"Owner,/a,default,{cell},Image,,100,", Assert.Single(lines, line => line.StartsWith("Owner", StringComparison.Ordinal)));
    }

    [Fact]
    public void Each_kind_of_owner_has_a_colour_in_light_and_dark_and_on_paper()
    {
        string page = ReportHtml.Write(Report("a"));
        Assert.All([.. Enum.GetNames<CtrDiskUsageKind>(), "Shared"], kind =>
        {
            Assert.Contains($".k-{kind}{{fill:var(--{kind})}}", page, StringComparison.Ordinal);
            Assert.Equal(3, page.Split($"--{kind}:#").Length - 1);
        });
    }

    private static CtrReport Report(params string[] images) => new(DateTimeOffset.UnixEpoch,
    [
        new CtrReportNode
        {
            Address = "/a",
            Server = new CtrServer { Address = "/a", Version = "2", Revision = "", Uuid = "u" },
            Usage = new CtrDiskUsageReport(
                [
                    .. images.Select(name => new CtrDiskUsage
                    {
                        Kind = CtrDiskUsageKind.Image, Owner = name, Namespace = "default", Content = 100, Unique = 100, WhyKept = name,
                    }),
                ],
                [new CtrDiskUsageSummary { Kind = CtrDiskUsageKind.Image, Count = images.Length, Content = 100 * images.Length, Namespace = "" }]),
        },
    ]);
}
