namespace CtrPS.Client.Tasks;

/// <summary>A folder with the pipes of a process whose other end was a process of ours that has ended.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Mark">Whose it is. Null: the maker ended before it made anything in it.</param>
/// <param name="MadeAt">When.</param>
internal sealed record LeftPipes(string Folder, PipeMark? Mark, DateTimeOffset MadeAt);

/// <summary>What the daemon knows of the process whose pipes are left.</summary>
internal enum LeftUse
{
    /// <summary>Nothing: the pipes are nobody's.</summary>
    None,

    /// <summary>It was added to a container, and is still there.</summary>
    AddedProcess,

    /// <summary>It is a container's first one, which has a life of its own.</summary>
    Task,
}
