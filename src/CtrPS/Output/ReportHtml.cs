using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace CtrPS.Output;

/// <summary>
/// A report as one page: it has no script, asks for nothing from elsewhere, and its policy lets it do neither. All text from outside is escaped
/// twice: what would steer a reader's eye, and what HTML would take for its own.
/// </summary>
internal sealed class ReportHtml
{
    private const int MaxRows = 50;
    private const int MaxTiles = 60;
    private const int MaxNamed = 4;

    // The map is laid for these sides; the page stretches it to its width.
    private const double MapWidth = 1000;
    private const double MapHeight = 400;

    private readonly StringBuilder _page = new();

    private ReportHtml()
    {
    }

    /// <summary>The page.</summary>
    public static string Write(CtrReport report)
    {
        var writer = new ReportHtml();
        writer.WritePage(report);
        return writer._page.ToString();
    }

    private void WritePage(CtrReport report)
    {
        string style = Style();
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Line("<!DOCTYPE html>");
        Line("<html lang=\"en\"><head><meta charset=\"utf-8\">");
        string policy = $"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'";
        Line($"<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
        Line("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\">");
        Line($"<title>containerd report, {Time(report.Created)}</title><style>{style}</style></head><body>");
        Line($"<header><h1>containerd report</h1><p class=\"soft\">Made {Time(report.Created)} of {Count(report.Nodes.Count, "node")}.</p>");
        if (report.Nodes.Count > 1)
        {
            string links = string.Concat(report.Nodes.Select((node, index) => Format(
                $"<li><a href=\"#node{index}\">{Text(node.Address)}</a>: {(node.Error is null ? CtrFormat.Size(node.Size) : "no answer")}</li>")));
            Line($"<nav aria-label=\"Nodes\"><ul>{links}</ul></nav>");
        }

        Line("</header><main>");
        for (int i = 0; i < report.Nodes.Count; i++)
        {
            CtrReportNode node = report.Nodes[i];
            Line($"<section id=\"node{i}\"><h2>{Text(node.Address)}</h2>");
            if (node.Error is { } error)
            {
                Line($"<p class=\"bad\">Nothing is known of this node. {Text(error)}</p>");
            }
            else
            {
                WriteNode(node);
            }

            Line("</section>");
        }

        Line("</main><footer>Made by Export-CtrReport of CtrPS. Sizes are in units of 1024. Commands are for PowerShell.</footer></body></html>");
    }

    private void WriteNode(CtrReportNode node)
    {
        CtrServer server = node.Server!;
        int faulty = node.Faulty.Count();
        Line("<dl>");
        Fact("containerd", Text(server.Version));
        Fact("Disk", CtrFormat.Size(node.Size));
        Fact("Images", Number(node.Usage.Owners.Count(one => one.Kind == CtrDiskUsageKind.Image)));
        Fact("Orphans", Number(node.Orphans.Count));
        Fact("Images with faults", Number(faulty));
        Line($"<div><dt>Identity</dt><dd class=\"id\">{Text(server.Uuid)}</dd></div></dl>");

        WriteTable(
            "Deprecations", "Nothing deprecated is in use that the daemon tells of.", "Get-CtrServer | Select-Object -ExpandProperty Deprecations",
            ["What", "What to do", "Seen last"], server.Deprecations,
            one => [Text(one.Id), Text(one.Message), one.LastOccurrence is { } seen ? Time(seen) : ""]);
        WriteTable(
            "Plugins that failed", "All plugins came up.", "Get-CtrPlugin", ["Plugin", "Reason"], node.FailedPlugins,
            one => [Text(one.ToString()), Text(one.Reason)]);
        WriteDisk(node);
        WriteTable(
            "Largest images", "There are no images.", "Get-CtrDiskUsage -Detailed -Kind Image",
            ["Image", "Namespace", "#Size", "#Its own", "#Freed if removed", "Why kept"],
            [.. node.Usage.Owners.Where(one => one.Kind == CtrDiskUsageKind.Image)],
            one =>
            [
                Text(CtrFormat.FamiliarName(one.Owner)), Text(one.Namespace), CtrFormat.Size(one.Size), CtrFormat.Size(one.Unique),
                CtrFormat.Size(one.Reclaimable), Text(one.WhyKept),
            ]);
        WriteTable(
            "Layers and other blobs that images share",
            "No two images have a blob in common.",
            "Export-CtrReport -As Json",
            ["Blob", "#Size", "#Images", "#Saved", "Images"],
            node.Shared,
            one =>
            [
                $"<code>{CtrFormat.ShortDigest(one.Digest)}</code>", CtrFormat.Size(one.Size), Number(one.Images.Count), CtrFormat.Size(one.Saved),
                string.Join("<br>", one.Images.Take(MaxNamed).Select(Text)) + Rest(one.Images.Count),
            ]);
        WriteTable(
            "Orphans", "Nothing is left over.", "Get-CtrOrphan", ["Name", "Kind", "Namespace", "#Size", "Reason"], node.Orphans,
            one => [Text(one.Key), one.Kind.ToString(), Text(one.Namespace), CtrFormat.Size(one.Size), Text(one.Reason)]);
        string how = node.Checks.Any(one => one.IsDeep)
            ? "All bytes were read and hashed." : "It was looked whether all is there; bytes were not read (-Deep does that).";
        WriteTable(
            "Faults of images", $"None was found in {Count(node.Checks.Count, "image")}. {how}", "Test-CtrImage -Namespace *",
            ["Image", "Namespace", "Status", "Blob", "What is wrong"],
            [.. node.Faulty.SelectMany(check => check.Faults.Select(fault => (Check: check, Fault: fault)))],
            one =>
            [
                Text(CtrFormat.FamiliarName(one.Check.Name)), Text(one.Check.Namespace), one.Fault.Status.ToString(),
                $"<code>{CtrFormat.ShortDigest(one.Fault.Digest)}</code>", Text($"{one.Fault.Reason} {one.Fault.RecommendedAction}"),
            ]);
        WriteTable(
            "What a clean-up would free", "", "", ["What", "#Things", "#Freed", "Command"], [.. node.Cleanups],
            one => [Text(one.Words), Number(one.Count), CtrFormat.Size(one.Freed), $"<code>{Text(one.Command)}</code>"]);
        Line("<p class=\"soft\">The same bytes may count in more than one line. -WhatIf tells of each before it is done.</p>");
    }

    private void WriteDisk(CtrReportNode node)
    {
        WriteTable(
            "Disk", "Nothing is on the disk.", "Get-CtrDiskUsage",
            ["Kind", "#Count", "#In use", "#Blobs", "#Snapshots", "#Unfinished", "#Other", "#All", "#Reclaimable"],
            [.. node.Usage.Summary],
            one =>
            [
                one.Kind.ToString(), Number(one.Count), Number(one.InUse), CtrFormat.Size(one.Content), CtrFormat.Size(one.Snapshot),
                CtrFormat.Size(one.Ingest), CtrFormat.Size(one.Other), CtrFormat.Size(one.Size), CtrFormat.Size(one.Reclaimable),
            ]);
        IReadOnlyList<(string Kind, string Name, long Size)> parts = Parts(node);
        if (parts.Count == 0)
        {
            return;
        }

        Line("<p>Each owner's own bytes; what several need stands as one. The area is to the whole as the bytes are.</p>");
        Line($"<svg class=\"map\" role=\"img\" aria-label=\"Disk by owner, {CtrFormat.Size(parts.Sum(one => one.Size))}\">");
        IReadOnlyList<TreemapTile> tiles = Treemap.Lay([.. parts.Select(one => (double)one.Size)], MapWidth, MapHeight);
        foreach ((TreemapTile tile, (string kind, string name, long size)) in tiles.Zip(parts))
        {
            // In parts of the whole: letters stay as large as they are on a narrow screen, and are cut at the border of their own picture.
            string label = tile.Width < MapWidth / 20 || tile.Height < MapHeight / 9 ? ""
                : $"<text x=\"7\" y=\"18\">{Text(name)}</text><text x=\"7\" y=\"34\">{CtrFormat.Size(size)}</text>";
            Line(
                $"<svg x=\"{Part(tile.X, MapWidth)}\" y=\"{Part(tile.Y, MapHeight)}\" width=\"{Part(tile.Width, MapWidth)}\" "
                + $"height=\"{Part(tile.Height, MapHeight)}\"><title>{Text(name)}: {CtrFormat.Size(size)}</title>"
                + $"<rect class=\"k-{kind}\" width=\"100%\" height=\"100%\"/>{label}</svg>");
        }

        string key = string.Concat(parts.Select(one => one.Kind).Distinct().Select(kind => Format(
            $"<li><svg aria-hidden=\"true\"><rect class=\"k-{kind}\" width=\"12\" height=\"12\"/></svg>{kind}</li>")));
        Line($"</svg><ul class=\"key\">{key}</ul>");
    }

    /// <summary>The parts of the disk that add up to it: what each owner has for itself, and what several have.</summary>
    private static IReadOnlyList<(string Kind, string Name, long Size)> Parts(CtrReportNode node)
    {
        CtrDiskUsage[] owners = [.. node.Usage.Owners.Where(one => one.Unique > 0).OrderByDescending(one => one.Unique)];
        var parts = owners.Take(MaxTiles).Select(one => (
            Kind: one.Kind.ToString(),
            Name: one.Kind switch
            {
                CtrDiskUsageKind.Nobody => "nobody's",
                CtrDiskUsageKind.Image => CtrFormat.FamiliarName(one.Owner),
                _ => one.Owner,
            },
            Size: one.Unique)).ToList();
        foreach (IGrouping<CtrDiskUsageKind, CtrDiskUsage> rest in owners.Skip(MaxTiles).GroupBy(one => one.Kind))
        {
            parts.Add((rest.Key.ToString(), $"{rest.Count()} more", rest.Sum(one => one.Unique)));
        }

        long shared = node.Size - owners.Sum(one => one.Unique);
        if (shared > 0)
        {
            parts.Add(("Shared", "shared by several", shared));
        }

        return [.. parts.OrderByDescending(one => one.Size)];
    }

    private void WriteTable<T>(
        string heading, string none, string command, IReadOnlyList<string> columns, IReadOnlyList<T> rows, Func<T, IReadOnlyList<string>> cells)
    {
        Line($"<h3>{heading}</h3>");
        if (rows.Count == 0)
        {
            Line($"<p class=\"soft\">{none}</p>");
            return;
        }

        bool[] numbers = [.. columns.Select(column => column[0] == '#')];
        string heads = string.Concat(columns.Select((column, i) =>
            $"<th scope=\"col\"{(numbers[i] ? " class=\"n\"" : "")}>{column.TrimStart('#')}</th>"));
        Line($"<div class=\"wide\"><table><thead><tr>{heads}</tr></thead><tbody>");
        foreach (T row in rows.Take(MaxRows))
        {
            Line("<tr>" + string.Concat(cells(row).Select((cell, i) =>
                i == 0 ? $"<th scope=\"row\">{cell}</th>" : $"<td{(numbers[i] ? " class=\"n\"" : "")}>{cell}</td>")) + "</tr>");
        }

        Line("</tbody></table></div>");
        if (rows.Count > MaxRows)
        {
            Line($"<p class=\"soft\">And {Number(rows.Count - MaxRows)} more: <code>{Text(command)}</code></p>");
        }
    }

    private void Fact(string name, string value) => Line($"<div><dt>{name}</dt><dd>{value}</dd></div>");

    private void Line(string text) => _page.Append(text).Append('\n');

    private static string Rest(int count) => count > MaxNamed ? $"<br>and {Number(count - MaxNamed)} more" : "";

    private static string Text(string? text) => WebUtility.HtmlEncode(ForeignText.Show(text ?? ""));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{Number(count)} {noun}s";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Part(double value, double whole) => (value / whole).ToString("0.####%", CultureInfo.InvariantCulture);

    private static string Format(FormattableString text) => FormattableString.Invariant(text);

    private static string Style()
    {
        using Stream css = typeof(ReportHtml).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(css);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
