using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CtrPS.Output;

/// <summary>A report for programs: as JSON, or as one table. Nothing is cut.</summary>
internal static class ReportData
{
    private static readonly string[] Columns =
        ["Kind", "Node", "Namespace", "Name", "Type", "Count", "Size", "Unique", "Reclaimable", "InUse", "Reason", "Command"];

    /// <summary>JSON. Sizes are bytes, times ISO 8601.</summary>
    public static byte[] Json(CtrReport report)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("schemaVersion", 1);
            json.WriteString("created", report.Created);
            WriteList(json, "nodes", report.Nodes, node => WriteNode(json, node));
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>A table as RFC 4180 has it, in UTF-8. A cell that a spreadsheet would take for a formula has a quotation mark before it.</summary>
    public static string Csv(CtrReport report)
    {
        var text = new StringBuilder();
        Row(text, Columns);
        foreach (CtrReportNode node in report.Nodes)
        {
            void Add(
                string kind, string? name, string? space = null, object? type = null, long? count = null, long? size = null, long? unique = null,
                long? free = null, bool? inUse = null, string? reason = null, string? command = null) =>
                Row(
                    text, kind, node.Address, space, name, type?.ToString(), Number(count), Number(size), Number(unique), Number(free),
                    inUse?.ToString(), reason, command);

            Add("Node", node.Server?.Uuid, type: node.Server?.Version, size: node.Error is null ? node.Size : null, reason: node.Error);
            foreach (CtrDeprecation one in node.Server?.Deprecations ?? [])
            {
                Add("Deprecation", one.Id, reason: one.Message);
            }

            foreach (CtrPlugin one in node.FailedPlugins)
            {
                Add("Plugin", one.Id, type: one.Type, reason: one.Reason);
            }

            foreach (CtrDiskUsageSummary one in node.Usage.Summary)
            {
                Add("Usage", null, type: one.Kind, count: one.Count, size: one.Size, free: one.Reclaimable);
            }

            foreach (CtrDiskUsage one in node.Usage.Owners)
            {
                Add("Owner", one.Owner, one.Namespace, one.Kind, null, one.Size, one.Unique, one.Reclaimable, one.InUse, one.WhyKept, one.FreedBy);
            }

            foreach (CtrSharedBlob one in node.Shared)
            {
                Add("Shared", one.Digest, count: one.Images.Count, size: one.Size, reason: string.Join("; ", one.Images));
            }

            foreach (CtrOrphan one in node.Orphans)
            {
                Add("Orphan", one.Key, one.Namespace, one.Kind, size: one.Size, reason: one.Reason, command: one.FreedBy);
            }

            foreach ((CtrImageCheck check, CtrBlobFault fault) in node.Faulty.SelectMany(check => check.Faults.Select(fault => (check, fault))))
            {
                Add("Fault", check.Name, check.Namespace, fault.Status, size: fault.Size, reason: $"{fault.Digest}: {fault.Reason}");
            }

            foreach (CtrCleanup one in node.Cleanups)
            {
                Add("Cleanup", one.Words, count: one.Count, free: one.Freed, command: one.Command);
            }
        }

        return text.ToString();
    }

    private static void WriteNode(Utf8JsonWriter json, CtrReportNode node)
    {
        json.WriteString("address", node.Address);
        json.WriteString("error", node.Error);
        json.WriteString("version", node.Server?.Version);
        json.WriteString("revision", node.Server?.Revision);
        json.WriteString("uuid", node.Server?.Uuid);
        json.WriteNumber("size", node.Size);
        WriteList(json, "deprecations", node.Server?.Deprecations ?? [], one =>
        {
            json.WriteString("id", one.Id);
            json.WriteString("message", one.Message);
            Write(json, "lastOccurrence", one.LastOccurrence);
        });
        WriteList(json, "failedPlugins", node.FailedPlugins, one =>
        {
            json.WriteString("type", one.Type);
            json.WriteString("id", one.Id);
            json.WriteString("reason", one.Reason);
        });
        WriteList(json, "usage", node.Usage.Summary, one =>
        {
            json.WriteString("kind", one.Kind.ToString());
            json.WriteNumber("count", one.Count);
            json.WriteNumber("inUse", one.InUse);
            json.WriteNumber("content", one.Content);
            json.WriteNumber("snapshot", one.Snapshot);
            json.WriteNumber("ingest", one.Ingest);
            json.WriteNumber("other", one.Other);
            json.WriteNumber("size", one.Size);
            json.WriteNumber("reclaimable", one.Reclaimable);
        });
        WriteList(json, "owners", node.Usage.Owners, one =>
        {
            json.WriteString("kind", one.Kind.ToString());
            json.WriteString("namespace", one.Namespace);
            json.WriteString("owner", one.Owner);
            json.WriteNumber("size", one.Size);
            json.WriteNumber("unique", one.Unique);
            json.WriteNumber("reclaimable", one.Reclaimable);
            json.WriteBoolean("inUse", one.InUse);
            json.WriteString("whyKept", one.WhyKept);
            json.WriteString("freedBy", one.FreedBy);
        });
        WriteList(json, "shared", node.Shared, one =>
        {
            json.WriteString("digest", one.Digest);
            json.WriteNumber("size", one.Size);
            json.WriteNumber("saved", one.Saved);
            json.WriteStartArray("images");
            one.Images.ToList().ForEach(json.WriteStringValue);
            json.WriteEndArray();
        });
        WriteList(json, "orphans", node.Orphans, one =>
        {
            json.WriteString("kind", one.Kind.ToString());
            json.WriteString("namespace", one.Namespace);
            json.WriteString("key", one.Key);
            json.WriteString("snapshotter", one.Snapshotter);
            Write(json, "size", one.Size);
            Write(json, "since", one.Since);
            json.WriteBoolean("isKept", one.IsKept);
            json.WriteString("reason", one.Reason);
            json.WriteString("freedBy", one.FreedBy);
        });
        WriteList(json, "checks", node.Checks, check =>
        {
            json.WriteString("namespace", check.Namespace);
            json.WriteString("image", check.Name);
            json.WriteString("platform", check.Platform.ToString());
            json.WriteString("status", check.Status.ToString());
            json.WriteBoolean("isDeep", check.IsDeep);
            WriteList(json, "faults", check.Faults, fault =>
            {
                json.WriteString("digest", fault.Digest);
                json.WriteString("status", fault.Status.ToString());
                json.WriteNumber("size", fault.Size);
                json.WriteString("reason", fault.Reason);
                json.WriteString("recommendedAction", fault.RecommendedAction);
            });
        });
        WriteList(json, "cleanups", [.. node.Cleanups], one =>
        {
            json.WriteString("what", one.Words);
            json.WriteNumber("count", one.Count);
            json.WriteNumber("freed", one.Freed);
            json.WriteString("command", one.Command);
        });
    }

    private static void WriteList<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } value)
        {
            json.WriteString(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string? Number(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static void Row(StringBuilder text, params string?[] cells) => text.AppendJoin(',', cells.Select(Cell)).Append("\r\n");

    private static string Cell(string? cell)
    {
        // What a tab or an end of a line would begin is escaped and no longer one.
        string shown = ForeignText.Escape(cell ?? "");
        string safe = shown.Length > 0 && "=+-@".Contains(shown[0]) ? $"'{shown}" : shown;
        return safe.AsSpan().ContainsAny("\",") || safe != safe.Trim() ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
