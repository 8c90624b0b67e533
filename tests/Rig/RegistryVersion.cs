namespace CtrPS.Rig;

/// <summary>The docker-registries that can be started: those of Debian 12 and of Debian 13.</summary>
public enum RegistryVersion
{
    V282,
    V283,
}
