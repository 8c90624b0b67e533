namespace CtrPS;

/// <summary>The namespaces of containerd.</summary>
internal interface INamespaceStore
{
    /// <summary>All namespaces, by name.</summary>
    Task<IReadOnlyList<CtrNamespace>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Makes a namespace.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NamespaceExists"/>, <see cref="CtrErrorIds.InvalidNamespace"/>.</exception>
    Task<CtrNamespace> CreateAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>Changes labels: a null or empty value removes the label. With <paramref name="replaceAll"/> all other labels go.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NamespaceNotFound"/>.</exception>
    Task<CtrNamespace> SetLabelsAsync(string name, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken);

    /// <summary>Deletes an empty namespace.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.NamespaceNotFound"/>; <see cref="CtrErrorIds.NamespaceNotEmpty"/> with what is in it.
    /// </exception>
    Task DeleteAsync(string name, CancellationToken cancellationToken);
}
