using System.Globalization;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Builds;

/// <summary>Changes the config of an image (image-spec, config.md). What it does not know stays.</summary>
internal static class ConfigEditor
{
    /// <summary>A config without layers.</summary>
    public static JsonObject Begin(CtrPlatform platform)
    {
        var config = new JsonObject { ["architecture"] = platform.Architecture, ["os"] = platform.Os };
        if (platform.Variant.Length > 0)
        {
            config["variant"] = platform.Variant;
        }

        if (platform.OsVersion.Length > 0)
        {
            config["os.version"] = platform.OsVersion;
        }

        config["config"] = new JsonObject();
        config["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray() };
        config["history"] = new JsonArray();
        return config;
    }

    /// <summary>Makes the changes, and adds layers.</summary>
    /// <param name="config">The config.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="added">The diff ids of new layers, the lowest first, each with a comment.</param>
    public static void Change(JsonObject config, CtrConfigChanges changes, IReadOnlyList<(string DiffId, string Comment)> added)
    {
        string created = changes.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
        config["created"] = created;
        if (changes.Author is not null)
        {
            config["author"] = changes.Author;
        }

        JsonObject settings = ObjectAt(config, "config");
        ChangeEnv(settings, changes.Env);
        ChangeLabels(settings, changes.Labels);
        if (changes.Entrypoint is not null)
        {
            SetList(settings, "Entrypoint", changes.Entrypoint);
            _ = settings.Remove("Cmd");
        }

        if (changes.Cmd is not null)
        {
            SetList(settings, "Cmd", changes.Cmd);
        }

        SetText(settings, "WorkingDir", changes.WorkingDirectory);
        SetText(settings, "User", changes.User);
        SetText(settings, "StopSignal", changes.StopSignal);
        AddKeys(settings, "ExposedPorts", changes.ExposedPorts);
        AddKeys(settings, "Volumes", changes.Volumes);

        JsonArray diffIds = ArrayAt(ObjectAt(config, "rootfs"), "diff_ids");
        JsonArray history = ArrayAt(config, "history");

        // A history that says less than there are layers would give the new step to an old one.
        for (int told = history.Count(step => Given(step)["empty_layer"]?.GetValue<bool>() != true); told < diffIds.Count; told++)
        {
            history.Add(new JsonObject { ["comment"] = "not told" });
        }

        foreach ((string diffId, string comment) in added)
        {
            diffIds.Add(diffId);
            history.Add(Step(created, changes, comment));
        }

        if (added.Count == 0)
        {
            JsonObject step = Step(created, changes, "");
            step["empty_layer"] = true;
            history.Add(step);
        }
    }

    private static JsonObject Step(string created, CtrConfigChanges changes, string comment)
    {
        var step = new JsonObject { ["created"] = created, ["created_by"] = changes.CreatedBy };
        if (changes.Author is { Length: > 0 })
        {
            step["author"] = changes.Author;
        }

        string said = changes.Comment is { Length: > 0 } own ? own : comment;
        if (said.Length > 0)
        {
            step["comment"] = said;
        }

        return step;
    }

    private static void ChangeEnv(JsonObject settings, IReadOnlyDictionary<string, string?> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var variables = new List<string>((settings["Env"] as JsonArray)?.Select(one => Given(one).GetValue<string>()) ?? []);
        foreach ((string name, string? value) in changes)
        {
            int at = variables.FindIndex(one => one == name || one.StartsWith(name + "=", StringComparison.Ordinal));
            if (at >= 0)
            {
                variables.RemoveAt(at);
            }

            if (value is not null)
            {
                variables.Insert(at >= 0 ? at : variables.Count, $"{name}={value}");
            }
        }

        SetList(settings, "Env", variables);
    }

    private static void ChangeLabels(JsonObject settings, IReadOnlyDictionary<string, string?> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }

        JsonObject labels = ObjectAt(settings, "Labels");
        foreach ((string name, string? value) in changes)
        {
            _ = labels.Remove(name);
            if (value is not null)
            {
                labels[name] = value;
            }
        }

        if (labels.Count == 0)
        {
            _ = settings.Remove("Labels");
        }
    }

    private static void SetList(JsonObject settings, string key, IReadOnlyList<string> values)
    {
        _ = settings.Remove(key);
        if (values.Count > 0)
        {
            settings[key] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
        }
    }

    private static void SetText(JsonObject settings, string key, string? value)
    {
        if (value is not null)
        {
            _ = settings.Remove(key);
            if (value.Length > 0)
            {
                settings[key] = value;
            }
        }
    }

    private static void AddKeys(JsonObject settings, string key, IReadOnlyList<string> added)
    {
        foreach (string one in added)
        {
            ObjectAt(settings, key)[one] = new JsonObject();
        }
    }

    /// <summary>What a list has, which must not be null.</summary>
    private static JsonNode Given(JsonNode? node) => node ?? throw new FormatException("a list has null in it");

    private static JsonObject ObjectAt(JsonObject parent, string key)
    {
        if (parent[key] is null)
        {
            parent[key] = new JsonObject();
        }

        return parent[key]!.AsObject();
    }

    private static JsonArray ArrayAt(JsonObject parent, string key)
    {
        if (parent[key] is null)
        {
            parent[key] = new JsonArray();
        }

        return parent[key]!.AsArray();
    }
}
