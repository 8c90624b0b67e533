namespace CtrPS.Client.Registry;

/// <summary>A file with credentials, or the text of one.</summary>
/// <param name="Path">The file. Null: <paramref name="Text"/> is from the variable DOCKER_AUTH_CONFIG.</param>
/// <param name="IsPodman">Its keys may be parts of a registry; docker takes those for the registry as a whole.</param>
/// <param name="Text">The text itself.</param>
internal sealed record CredentialPlace(string? Path, bool IsPodman, string? Text = null)
{
    /// <summary>What it is, for messages.</summary>
    public string Words => Path is null ? $"the variable {CredentialPlaces.TextVariable}" : $"'{Path}'";

    /// <summary>Its name without the text, in which secrets are.</summary>
    public override string ToString() => Words;
}

/// <summary>
/// Where credentials are looked for, in this order: what a variable names comes before the usual places (docker, cli/config; containers/image,
/// containers-auth.json.5).
/// </summary>
/// <param name="All">The places in the order of looking.</param>
/// <param name="Own">The one that logins are kept in.</param>
/// <param name="ProgramFolders">Where helpers are, as PATH has them.</param>
internal sealed record CredentialPlaces(IReadOnlyList<CredentialPlace> All, CredentialPlace Own, IReadOnlyList<string> ProgramFolders)
{
    /// <summary>The variable with the text of a file.</summary>
    public const string TextVariable = "DOCKER_AUTH_CONFIG";

    private const string DockerFile = "config.json";

    /// <summary>As the variables and the user's folder say now.</summary>
    public static CredentialPlaces FromEnvironment()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        List<CredentialPlace> all = [];
        if (Variable(TextVariable) is { } text)
        {
            all.Add(new CredentialPlace(null, false, text));
        }

        int named = all.Count;
        if (Variable("DOCKER_CONFIG") is { } docker)
        {
            all.Add(new CredentialPlace(Path.GetFullPath(Path.Combine(docker, DockerFile)), false));
        }

        if (Variable("REGISTRY_AUTH_FILE") is { } podman)
        {
            all.Add(new CredentialPlace(Path.GetFullPath(podman), true));
        }

        var usual = new CredentialPlace(Path.Combine(home, ".docker", DockerFile), false);
        CredentialPlace own = all.Count > named ? all[named] : usual;
        if (Variable("DOCKER_CONFIG") is null)
        {
            all.Add(usual);
        }

        if (!OperatingSystem.IsWindows() && Variable("REGISTRY_AUTH_FILE") is null)
        {
            all.AddRange(new[]
            {
                Variable("XDG_RUNTIME_DIR") is { } runtime ? Path.Combine(runtime, "containers", "auth.json") : null,
                Path.Combine(Variable("XDG_CONFIG_HOME") ?? Path.Combine(home, ".config"), "containers", "auth.json"),
            }.OfType<string>().Select(path => new CredentialPlace(path, true)));
        }

        string[] folders = (Variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return new CredentialPlaces(all, own, [.. folders.Where(Path.IsPathFullyQualified)]);
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
