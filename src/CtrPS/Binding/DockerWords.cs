namespace CtrPS.Binding;

/// <summary>Options of docker and ctr, and what they are called here. For errors.</summary>
internal static class DockerWords
{
    /// <summary>Those whose name says nothing, or something else here.</summary>
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["-d"] = "Detach",
        ["-e"] = "Env",
        ["-h"] = "Hostname",
        ["-i"] = "Tty",
        ["-it"] = "Tty",
        ["-m"] = "Memory",
        ["-t"] = "Tty",
        ["-ti"] = "Tty",
        ["-u"] = "User",
        ["-v"] = "Mount",
        ["-w"] = "WorkingDirectory",
        ["--entrypoint"] = "ReplaceEntrypoint",
        ["--interactive"] = "Tty",
        ["--name"] = "Id",
        ["--net"] = "HostNetwork",
        ["--network"] = "HostNetwork",
        ["--restart"] = "RestartPolicy",
        ["--workdir"] = "WorkingDirectory",
    };

    /// <summary>Whether a word is an option that PowerShell never takes for one of its own.</summary>
    public static bool IsLong(string word) => word.Length > 2 && word.StartsWith("--", StringComparison.Ordinal) && char.IsAsciiLetter(word[2]);

    /// <summary>What an option is here, in a sentence. Null: the cmdlet has nothing like it.</summary>
    public static string? Find(string word, ParameterTable table)
    {
        string option = word.Split('=')[0];
        string name = Known.TryGetValue(option, out string? known) ? known
            : IsLong(option) ? option.Replace("-", "", StringComparison.Ordinal)
            : "";
        return name.Length > 0 && table.Find(name) is { } found && found.Names.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? $"It is -{found.Name} here."
            : null;
    }
}
